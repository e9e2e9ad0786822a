package archive_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/retention/policy"
	_ "github.com/holdfast-archive/holdfast/retention/worm/fileworm"
)

// opening is an archive in a directory of its own, with one export.
func opening(ctx context.Context, dir string) (*archive.Archive, archive.Receipt) {
	a := reopened(ctx, dir, policy.Default())
	p, err := archive.ParseJSON([]byte(`{"promotion_packet_id": "pp-1", "promotion_decision": "promote", "promotion_decision_at_utc": "2026-09-01T10:22:00Z"}`))
	must(err)
	receipt, err := a.Export(ctx, p)
	must(err)
	return a, receipt
}

// reopened is the archive in a directory, under a policy.
func reopened(ctx context.Context, dir string, p *policy.Policy) *archive.Archive {
	signer, err := manifest.LoadOrCreateKey(filepath.Join(dir, "key"))
	must(err)
	a, err := archive.Open(ctx, "file://"+filepath.ToSlash(dir)+"/primary?create_dir=true", archive.Config{
		Policy: p, Signer: signer, Operator: "release-ops/pipeline-42",
		Clock: func() time.Time { return time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC) },
	})
	must(err)
	return a
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
	// truncated: cut off the end of the primary's log: row 1, in commits up to log/commits/000/000/000/001.jsonl; the replica has all of it
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
	// 3 objects, 10 requests, about 0.00004 USD
}

// What lapses, by when, and what mends it. For a pipeline: os.Exit(report.ExitCode()).
func ExampleArchive_Radar() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "")
	must(err)
	defer os.RemoveAll(dir)
	a, _ := opening(ctx, dir)
	defer a.Close()
	key, err := manifest.LoadSigner(filepath.Join(dir, "key"), nil)
	must(err)

	october := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	trust := manifest.Trust{Keys: []manifest.TrustedKey{{Key: key.PublicKey(), Owner: "release-ops", Until: october}}}
	report, err := a.Radar(ctx, archive.Watch{Objects: true, Trust: trust})
	must(err)
	for _, l := range report.Lapses {
		fmt.Println(l.ByUTC.Format(time.DateOnly), l.Kind)
		fmt.Println(l.Problem)
		fmt.Println(l.Mend)
	}
	fmt.Println("exit status", report.ExitCode())
	// Output:
	// 2026-10-01 key ends
	// it is the last key of "release-ops": what is exported from then on does not verify; what was before does
	// make a key, sign with it, and add TrustedKey{Owner: "release-ops", From: 2026-10-01T00:00:00Z} to Trust
	// exit status 1
}
