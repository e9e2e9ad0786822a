package archive_test

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	_ "github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// A register is exported under one signature, each of its rows as a packet of its own.
func ExampleArchive_ExportBatch() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "key")
	check(err)
	defer os.RemoveAll(dir)
	signer, err := manifest.CreateKey(dir + "/holdfast.key")
	check(err)
	a, err := archive.Open(ctx, "mem://batch", archive.Config{Signer: signer, Operator: "release-ops/pipeline-42"})
	check(err)
	defer a.Close()

	packets, err := archive.ReadCSV(strings.NewReader("promotion_packet_id,promotion_decision,promotion_decision_at_utc,executive_exception_id\n" +
		"pp-1,promote,2026-08-04T10:22:00Z,\n" +
		"pp-2,promote,2026-08-04T11:05:00Z,ex-9144\n"))
	check(err)
	explained, err := a.Explain(packets[1]) // before anything is written
	check(err)
	fmt.Println(explained.Reasons())
	receipts, err := a.ExportBatch(ctx, packets)
	check(err)
	for _, r := range receipts {
		fmt.Println("row", r.ExportRowID, r.PromotionPacketID, r.RetentionClass)
	}
	fmt.Println("one manifest:", receipts[0].ContentIntegrityReference == receipts[1].ContentIntegrityReference)
	// Output:
	// [executive-exception: an executive took the risk]
	// row 1 pp-1 standard
	// row 2 pp-2 extended
	// one manifest: true
}
