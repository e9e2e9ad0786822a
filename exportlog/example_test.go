package exportlog_test

import (
	"context"
	"crypto/rand"
	"fmt"

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

func check(err error) {
	if err != nil {
		panic(err)
	}
}
