package linkage_test

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/linkage"
	_ "github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// promotes is an archive in memory with what the sample register has of promotes of
// payments, each exported in time.
func promotes(ctx context.Context, bucket string) *archive.Archive {
	dir, err := os.MkdirTemp("", "key")
	must(err)
	defer os.RemoveAll(dir)
	signer, err := manifest.CreateKey(filepath.Join(dir, "holdfast.key"))
	must(err)
	private, public, err := note.GenerateKey(rand.Reader, "evidence.example/release")
	must(err)
	checkpoints, err := exportlog.NewCheckpointKey(private, public)
	must(err)
	var now time.Time
	a, err := archive.Open(ctx, "mem://"+bucket, archive.Config{
		Signer: signer, Operator: "release-ops/pipeline-42", Checkpoints: checkpoints,
		Clock: func() time.Time { return now },
	})
	must(err)
	f, err := os.Open(samples + "promotion_decision_packet.csv")
	must(err)
	defer f.Close()
	register, err := archive.ReadCSV(f)
	must(err)
	for _, p := range register {
		if strings.Contains(p.Header.PromotionPacketID, "PAYMENTS") && p.Header.PromotionDecision == "promote" {
			now = p.Header.PromotionDecisionAtUTC.Add(10 * time.Minute)
			_, err := a.Export(ctx, p)
			must(err)
		}
	}
	now = time.Date(2026, 8, 24, 9, 0, 0, 0, time.UTC)
	return a
}

// bound is such an archive in which INC-2888 is bound to its promote.
func bound(ctx context.Context, bucket string) (*archive.Archive, exportlog.Row) {
	a := promotes(ctx, bucket)
	link, err := linkage.New(a).Bind(ctx, linkage.Divergence{
		PromotionPacketID: payments, IncidentTicketID: "INC-2888", LinkOwnerAck: ack,
		Deltas: []linkage.Delta{{Field: "purchase_success", Recorded: "98.9%", Observed: "95.5%",
			Source: "live dashboard", ObservedAtUTC: time.Date(2026, 8, 11, 9, 53, 0, 0, time.UTC)}},
	})
	must(err)
	return a, link.Export
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
