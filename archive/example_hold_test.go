package archive_test

import (
	"context"
	"fmt"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/retention/policy"
)

// What is stored is only ever kept longer: by a policy that became stricter, or by a
// legal hold for as long as that stands. Each takes a selection, changes every object of
// each export, and appends a row that says who did it, when and why.
func ExampleArchive_Hold() {
	ctx := context.Background()
	var a *archive.Archive // see archive.Open
	var september *policy.Policy
	if a == nil {
		return
	}
	everything := archive.Selection{Everything: true}
	for r, err := range a.Reclassify(ctx, everything, september) { // whom another policy would keep longer or shorter
		fmt.Println(r, err)
	}
	extended, err := a.Extend(ctx, everything, archive.Extension{Reason: "policy of September"})
	fmt.Println(extended, err)

	incident := archive.Selection{IncidentTicketID: "INC-2888"}
	held, err := a.Hold(ctx, incident, archive.Matter{ID: "M-7", Reason: "litigation", By: "legal/counsel"})
	fmt.Println(held, err)
	released, err := a.Release(ctx, incident, archive.Matter{ID: "M-7", Reason: "settled", By: "legal/partner"})
	fmt.Println(released, err)

	report, err := a.VerifyRows(ctx, archive.Range{From: 1, To: 100_000}) // all that rows promise, against the bucket
	fmt.Println(report.Next, err)                                         // where to go on
}
