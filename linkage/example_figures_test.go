package linkage_test

import (
	"context"
	"fmt"
	"os"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/linkage"
	_ "github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// How many promotions failed, by what was bound to them.
func ExampleLinker_Figures() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "key")
	must(err)
	defer os.RemoveAll(dir)
	signer, err := manifest.CreateKey(dir + "/holdfast.key")
	must(err)
	a, err := archive.Open(ctx, "mem://figures", archive.Config{Signer: signer, Operator: "release-ops/pipeline-42"})
	must(err)
	defer a.Close()
	for _, id := range []string{"pp-1", "pp-2"} {
		packet, err := archive.ParseJSON(fmt.Appendf(nil, `{"promotion_packet_id": %q, "promotion_decision": "promote", "promotion_decision_at_utc": "2026-08-04T10:22:00Z"}`, id))
		must(err)
		_, err = a.Export(ctx, packet)
		must(err)
	}

	linker := linkage.New(a)
	_, err = linker.Bind(ctx, linkage.Divergence{
		PromotionPacketID: "pp-2", IncidentTicketID: "INC-2888", DivergenceSummary: "checkout slower than promised",
		LinkOwnerAck: linkage.Ack{Role: linkage.IncidentCommander, Name: "on-call lead"},
	})
	must(err)
	figures, err := linker.Figures(ctx, linkage.Scope{})
	must(err)
	rate, known := figures.All.FailureRate()
	fmt.Println(figures.All.Failed, "of", figures.All.Promoted, "failed:", rate, known, "row", figures.All.FailedRows)
	// Output: 1 of 2 failed: 0.5 true row [2]
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
