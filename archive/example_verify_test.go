package archive_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"

	"github.com/holdfast-archive/holdfast/archive"
)

// A byte that was changed is noticed, and the object named.
func ExampleArchive_Verify() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "")
	must(err)
	defer os.RemoveAll(dir)
	a, _ := opening(ctx, dir)
	defer a.Close()
	report, err := a.Verify(ctx)
	must(err)
	fmt.Println(report.Exports, "export,", report.Objects, "objects are what they were")

	files, err := filepath.Glob(dir + "/primary/packets/pp-1/*/packet.json")
	must(err)
	must(os.Chmod(files[0], 0o600))
	must(os.WriteFile(files[0], []byte(`{"promotion_packet_id": "pp-1", "promotion_decision": "hold"}`), 0o600))
	_, err = a.Verify(ctx)
	broken := new(archive.NotConfirmedError)
	if errors.As(err, &broken) {
		for _, f := range broken.Findings {
			fmt.Println(f.Kind+":", path.Base(f.Object), "of row", f.ExportRowID)
		}
	}
	// Output:
	// 1 export, 2 objects are what they were
	// edited: packet.json of row 1
}

// A log of any length is verified piece by piece, anywhere and in any order.
func ExampleArchive_VerifyRows() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "")
	must(err)
	defer os.RemoveAll(dir)
	a, _ := opening(ctx, dir)
	defer a.Close()

	report, err := a.VerifyRows(ctx, archive.Range{From: 1, To: 100_000})
	must(err)
	fmt.Println(report.Exports, "export confirmed; go on with row", report.Next) // 0: the range is done
	// Output: 1 export confirmed; go on with row 0
}
