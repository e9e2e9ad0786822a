package exportlog_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
	_ "github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// A row is shown to somebody who has neither the log nor the bucket.
func ExampleVerifyRow() {
	ctx := context.Background()
	private, public, err := note.GenerateKey(rand.Reader, "evidence.example/release")
	check(err)
	key, err := exportlog.NewCheckpointKey(private, public)
	check(err)
	store, err := worm.Open(ctx, "mem://evidence")
	check(err)
	log := exportlog.Open(store, exportlog.Config{Checkpoints: key})
	defer log.Close()

	for _, id := range []string{"pp-1", "pp-2", "pp-3"} {
		_, err := log.Append(ctx, exportlog.Row{Kind: exportlog.KindExport, PromotionPacketID: id, IdempotencyKey: "export:" + id})
		check(err)
	}
	checkpoint, err := log.Checkpoint(ctx)
	check(err)
	proof, err := log.ProveRow(ctx, 2, checkpoint.Size)
	check(err)
	rows, err := log.Find(ctx, exportlog.Query{ExportRowID: 2})
	check(err)

	// The line, the proof and the checkpoint go to the regulator, who has the public key.
	theirs, err := exportlog.NewCheckpointKey("", public)
	check(err)
	row, err := exportlog.VerifyRow(rows[0].Line(), proof, checkpoint.Note, theirs)
	check(err)
	fmt.Println("row", row.ExportRowID, "of", proof.Size, "is", row.PromotionPacketID)
	// Output: row 2 of 3 is pp-2
}

// A row is appended once, whoever retries. A mistake is put right by a row of its own, and
// both what is true now and what was believed before can be asked for.
func ExampleLog_Append() {
	ctx := context.Background()
	store, err := worm.Open(ctx, "mem://corrected")
	check(err)
	log := exportlog.Open(store, exportlog.Config{})
	defer log.Close()

	export := exportlog.Row{Kind: exportlog.KindExport, PromotionPacketID: "pp-1", PromotionDecision: "promote", IdempotencyKey: "export:pp-1"}
	first, err := log.Append(ctx, export)
	check(err)
	again, err := log.Append(ctx, export)
	check(err)
	fmt.Println("row", first[0].ExportRowID, "and again row", again[0].ExportRowID, again[0].Existing)

	_, err = log.Append(ctx, exportlog.Row{Kind: exportlog.KindCorrection, CorrectionOfExportRowID: 1, PromotionPacketID: "pp-1",
		ExportOperatorAck: "release-ops/on-call", PromotionDecision: "hold", Reason: "the button was mistaken for another", IdempotencyKey: "correction:1"})
	check(err)
	for _, then := range []int64{1, 2} {
		for c, err := range log.CurrentAsOf(ctx, exportlog.AsOf{Row: then}) {
			check(err)
			fmt.Printf("as of row %d: %s\n", then, c.PromotionDecision)
		}
	}
	// Output:
	// row 1 and again row 1 true
	// as of row 1: promote
	// as of row 2: hold
}

// Rows are appended once, found by what they are about, and told as they stand today.
func ExampleLog_WriteCSV() {
	ctx := context.Background()
	store, err := worm.Open(ctx, "mem://told")
	check(err)
	log := exportlog.Open(store, exportlog.Config{})
	defer log.Close()

	exported, err := log.Append(ctx, exportlog.Row{Kind: exportlog.KindExport, PromotionPacketID: "pp-1", PromotionDecision: "promote", IdempotencyKey: "export:pp-1"})
	check(err)
	_, err = log.Append(ctx, exportlog.Row{Kind: exportlog.KindLink, PromotionPacketID: "pp-1", SubjectExportRowID: exported[0].ExportRowID,
		IncidentTicketID: "INC-2888", IdempotencyKey: "link:INC-2888"})
	check(err)

	found, err := log.Find(ctx, exportlog.Query{IncidentTicketID: "INC-2888"})
	check(err)
	var table bytes.Buffer
	check(log.WriteCSV(ctx, &table))
	header, lines, _ := strings.Cut(table.String(), "\n")
	fmt.Println("row", found[0].ExportRowID, "links", found[0].SubjectExportRowID)
	fmt.Println(strings.Contains(header, "incident_ticket_id"), strings.Count(lines, "\n"), strings.Contains(lines, "INC-2888"))
	// Output:
	// row 2 links 1
	// true 1 true
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
