package archive_test

import (
	"context"
	"fmt"
	"os"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	_ "github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// From a decision to evidence, and back to proof.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "key")
	check(err)
	defer os.RemoveAll(dir)
	signer, err := manifest.CreateKey(dir + "/holdfast.key")
	check(err)
	a, err := archive.Open(ctx, "mem://exported", archive.Config{Signer: signer, Operator: "release-ops/pipeline-42"})
	check(err)
	defer a.Close()

	packet, err := archive.ParseJSON([]byte(`{"promotion_packet_id": "pp-1", "promotion_decision": "promote", "promotion_decision_at_utc": "2026-08-04T10:22:00Z"}`))
	check(err)
	receipt, err := a.Export(ctx, packet)
	check(err)
	again, err := a.Export(ctx, packet)
	check(err)
	fmt.Println("row", receipt.ExportRowID, receipt.RetentionClass, "and again row", again.ExportRowID, again.AlreadyExported)

	evidence, err := a.Retrieve(ctx, receipt.ArchiveURI)
	check(err)
	confirmed, err := a.Confirm(ctx, receipt.Row)
	check(err)
	fmt.Println(evidence.Packet.PromotionDecision, "was decided;", confirmed.Objects, "objects are what they were")
	// Output:
	// row 1 standard and again row 1 true
	// promote was decided; 2 objects are what they were
}
