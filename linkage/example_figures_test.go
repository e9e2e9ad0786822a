package linkage_test

import (
	"context"
	"fmt"
	"math"

	"github.com/holdfast-archive/holdfast/linkage"
)

// How many promotions failed, by what was bound to them.
func ExampleLinker_Figures() {
	ctx := context.Background()
	a, _ := bound(ctx, "figures")
	defer a.Close()

	figures, err := linkage.New(a).Figures(ctx, linkage.Scope{})
	must(err)
	rate, known := figures.All.FailureRate()
	fmt.Println(figures.All.Failed, "of", figures.All.Promoted, "failed:", math.Round(rate*100)/100, known, "row", figures.All.FailedRows)
	// Output: 1 of 3 failed: 0.33 true row [1]
}
