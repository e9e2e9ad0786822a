// Quickstart takes five decision packets the whole way: archived, signed, locked
// and logged in a directory, then verified, bound to an incident, and rehearsed.
// It needs nothing but this module, and leaves everything it made to look at:
//
//	go run ./examples/quickstart
//
// Run it again and it finds what is there. Change or remove anything in the
// directory, run it once more, and it says what.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/linkage"
	"github.com/holdfast-archive/holdfast/retention/policy"
	_ "github.com/holdfast-archive/holdfast/retention/worm/fileworm"
)

const home = "holdfast-evidence"

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "\nquickstart:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	a, err := open(ctx)
	if err != nil {
		return err
	}
	defer a.Close()

	receipts, err := export(ctx, a)
	if err != nil {
		return err
	}
	if err := verify(ctx, a); err != nil {
		return err
	}
	if err := diverge(ctx, a); err != nil {
		return err
	}
	return next(receipts)
}

// open makes the directory and the signing key on the first run, and finds them
// on the next.
func open(ctx context.Context) (*archive.Archive, error) {
	dir, err := filepath.Abs(home)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	key := filepath.Join(dir, "holdfast.key")
	signer, err := manifest.LoadOrCreateKey(key)
	if err != nil {
		return nil, err
	}
	f := policy.Default().File()
	f.RegulatedJurisdictions = []string{"KR"}
	rules, err := policy.New(f)
	if err != nil {
		return nil, err
	}
	bucket := filepath.Join(dir, "bucket")

	title("Holdfast quickstart")
	line("evidence in  %s", bucket)
	line("signed with  %s (its public half is holdfast.key.pub)", key)
	return archive.Open(ctx, fileURL(bucket), archive.Config{Policy: rules, Signer: signer, Operator: "release-ops/quickstart"})
}

// export archives the sample packets. One of them is on hold, and the policy
// does not export holds.
func export(ctx context.Context, a *archive.Archive) ([]archive.Receipt, error) {
	packets, err := samples()
	if err != nil {
		return nil, err
	}
	title("Export")
	var receipts []archive.Receipt
	for _, p := range packets {
		receipt, err := a.Export(ctx, p)
		if refused(err) {
			line("–      %-32s refused: %s", p.Header.PromotionPacketID, p.Header.PromotionDecision)
			continue
		}
		if err != nil {
			return nil, err
		}
		evidence, err := a.Retrieve(ctx, receipt.ArchiveURI)
		if err != nil {
			return nil, err
		}
		printReceipt(receipt, evidence)
		receipts = append(receipts, receipt)
	}
	printWhatWasNew(receipts)
	return receipts, nil
}

// verify reads everything in the bucket and holds it to what was signed.
func verify(ctx context.Context, a *archive.Archive) error {
	title("Verify everything")
	report, err := a.Verify(ctx)
	for _, f := range report.Findings {
		line("✗ %s", f)
	}
	if errors.Is(err, archive.ErrNotConfirmed) {
		return errors.New("the evidence is not what was exported; what is marked ✗ was changed, or is missing")
	}
	if err != nil {
		return err
	}
	line("✓ %d rows in %d commits, each holding the hash of the one before", report.Log.Head.Size, report.Log.Commits)
	line("✓ %d exports: manifest, packet and exhibits hash to what was signed, and are locked as promised", report.Exports)
	line("✓ %d bytes of evidence read; tree root %.16s…", report.Bytes, report.Log.Head.Root)
	return nil
}

// diverge binds a mock incident to one of the exports, and then rehearses what
// on-call would do.
func diverge(ctx context.Context, a *archive.Archive) error {
	const packet = "pp-20260811-payments-0027"
	linker := linkage.New(a)

	title("Three days later: purchase success falls, the deploy is rolled back")
	link, err := linker.Bind(ctx, linkage.Divergence{
		PromotionPacketID: packet,
		RollbackEventID:   "rb-0027",
		IncidentTicketID:  "INC-2888",
		DivergenceSummary: "purchase_success: 98.9% when promoted, 95.5% live; rolled back",
		LinkOwnerAck:      linkage.Ack{Role: linkage.IncidentCommander, Name: "on-call lead"},
	})
	if err != nil {
		return err
	}
	line("%s", bound(link))

	title("Rehearse")
	rehearsal, err := linker.Rehearse(ctx, linkage.Drill{PromotionPacketID: packet})
	if err != nil {
		return err
	}
	printRehearsal(rehearsal)
	return nil
}
