package archive_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	_ "github.com/holdfast-archive/holdfast/retention/worm/fileworm"
)

// opening is an archive in a directory of its own, with one export.
func opening(ctx context.Context, dir string) (*archive.Archive, archive.Receipt) {
	signer, err := manifest.CreateKey(filepath.Join(dir, "key"))
	must(err)
	a, err := archive.Open(ctx, "file://"+filepath.ToSlash(dir)+"/primary?create_dir=true", archive.Config{
		Signer: signer, Operator: "release-ops/pipeline-42",
		Clock: func() time.Time { return time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC) },
	})
	must(err)
	p, err := archive.ParseJSON([]byte(`{"promotion_packet_id": "pp-1", "promotion_decision": "promote", "promotion_decision_at_utc": "2026-09-01T10:22:00Z"}`))
	must(err)
	receipt, err := a.Export(ctx, p)
	must(err)
	return a, receipt
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// A second copy, kept in step; and the primary held to it after a row was cut off.
func ExampleArchive_OpenReplica() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "")
	must(err)
	defer os.RemoveAll(dir)
	a, receipt := opening(ctx, dir)
	defer a.Close()

	replica, err := a.OpenReplica(ctx, "file://"+filepath.ToSlash(dir)+"/replica?create_dir=true")
	must(err)
	defer replica.Close()
	done, err := replica.Replicate(ctx, archive.Replication{})
	must(err)
	fmt.Println(done.Rows, "row,", done.Objects, "objects")

	must(os.Remove(filepath.Join(dir, "primary/log/commits/000/000/000/001.jsonl")))
	compared, _ := replica.Compare(ctx, archive.Comparison{})
	fmt.Println(compared.Findings[0].Kind+":", compared.Findings[0].Problem)

	e, err := replica.Archive().Retrieve(ctx, receipt.ArchiveURI) // by the primary's address
	must(err)
	fmt.Println("the replica has", e.Packet.PromotionPacketID)
	// Output:
	// 1 row, 2 objects
	// truncated: rows 1 to 1, 1 commits up to log/commits/000/000/000/001.jsonl, were cut off the end of the primary's log: the replica has them
	// the replica has pp-1
}

// What an export would come to, before anything is locked.
func ExampleArchive_Estimate() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "")
	must(err)
	defer os.RemoveAll(dir)
	a, _ := opening(ctx, dir)
	defer a.Close()
	p, err := archive.ParseJSON([]byte(`{"promotion_packet_id": "pp-2", "promotion_decision": "promote", "promotion_decision_at_utc": "2026-09-01T10:22:00Z", "executive_exception_id": "ex-7"}`))
	must(err)

	e, err := a.Estimate(ctx, p, archive.ExamplePrices())
	must(err)
	fmt.Println(e.RetentionClass, "for", e.Period.Words(), "because", e.Reasons()[0])
	fmt.Println(e.Undo)
	fmt.Println(e.Objects, "objects,", e.Writes+e.Reads, "requests, about", fmt.Sprintf("%.5f", e.Total), e.Currency)
	// Output:
	// extended for 5 years because executive-exception: an executive took the risk
	// this bucket records the lock until 2031-09-02T00:00:00Z and does not enforce it: whoever can write to its files can remove it
	// 3 objects, 7 requests, about 0.00004 USD
}

// What lapses, for a pipeline: os.Exit(report.ExitCode()).
func ExampleArchive_Radar() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "")
	must(err)
	defer os.RemoveAll(dir)
	a, _ := opening(ctx, dir)
	defer a.Close()

	report, err := a.Radar(ctx, archive.Watch{Objects: true})
	must(err)
	fmt.Print(report)
	fmt.Println(report.ExitCode())

	for c, err := range a.Log().CurrentAsOf(ctx, exportlog.AsOf{Row: 1}) { // what was believed then
		must(err)
		fmt.Println(c.PromotionPacketID, c.PromotionDecision)
	}
	// Output:
	// 1 exports looked at: 0 lapsed, 0 lapse by 2026-11-30, 0 later
	// 0
	// pp-1 promote
}
