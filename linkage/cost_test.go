package linkage_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/linkage"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
)

const roundTrip = 20 * time.Millisecond

// fillers appends export rows of other packets, as many as a commit takes at a time.
func fillers(t testing.TB, log *exportlog.Log, from, count int) {
	t.Helper()
	for n := 0; n < count; {
		batch := make([]exportlog.Row, min(exportlog.MaxCommitRows, count-n))
		for i := range batch {
			id := fmt.Sprintf("filler-%06d", from+n+i)
			batch[i] = exportlog.Row{Kind: exportlog.KindExport, PromotionPacketID: id, IdempotencyKey: "export:" + id, RetentionClass: "standard", PromotionDecision: "promote"}
		}
		if _, err := log.Append(t.Context(), batch...); err != nil {
			t.Fatal(err)
		}
		n += len(batch)
	}
}

// From an incident to evidence it takes four round trips, however many rows there are,
// wherever the export lies among them.
func TestProveTakesFourRoundTrips(t *testing.T) {
	signer, err := manifest.CreateKey(t.TempDir() + "/key")
	if err != nil {
		t.Fatal(err)
	}
	for _, rows := range []int{10, 1_000, 20_000} {
		t.Run(fmt.Sprintf("%d rows", rows), func(t *testing.T) {
			b := memworm.New()
			a := over(t, b, archive.Config{Policy: everything(t), Signer: signer, Operator: "release-ops/test"})
			fillers(t, a.Log(), 0, rows/2)
			packet := folder(t, 1)
			receipt, err := a.Export(t.Context(), packet)
			if err != nil {
				t.Fatal(err)
			}
			fillers(t, a.Log(), rows/2, rows/2)
			d := divergence()
			d.PromotionPacketID = receipt.PromotionPacketID
			if _, err := linkage.New(a).Bind(t.Context(), d); err != nil {
				t.Fatal(err)
			}
			fillers(t, a.Log(), rows, 300)
			if err := a.Close(); err != nil {
				t.Fatal(err)
			}
			verifier := signer.Verifier()
			synctest.Test(t, func(t *testing.T) {
				for name, q := range map[string]exportlog.Query{
					"incident": {IncidentTicketID: d.IncidentTicketID},
					"packet":   {PromotionPacketID: receipt.PromotionPacketID},
				} {
					proveWithin(t, name, b, verifier, q, packet)
				}
			})
		})
	}
}

func proveWithin(t *testing.T, name string, b *memworm.Bucket, verifier *manifest.Verifier, q exportlog.Query, packet archive.Packet) {
	t.Helper()
	m := &wormtest.Metered{Driver: b, Latency: roundTrip}
	a := over(t, m, archive.Config{Verifier: verifier})
	began := time.Now()
	if _, err := a.Log().Head(t.Context()); err != nil {
		t.Fatal(err)
	}
	opened, before := time.Since(began), m.Requests()
	ctx, meter := worm.WithMeter(t.Context())
	began = time.Now()
	proofs, err := linkage.New(a).Prove(ctx, q)
	if err != nil || len(proofs) != 1 {
		t.Fatalf("%s: %d proofs, %v", name, len(proofs), err)
	}
	trips := float64(time.Since(began)) / float64(roundTrip)
	t.Logf("%s: opened in %.0f round trips; proved in %.0f: %s", name, float64(opened)/float64(roundTrip), trips, m.Requests().Sub(before))
	if trips > 4 {
		t.Errorf("%s: evidence takes %.1f round trips, the limit is 4", name, trips)
	}
	if u := meter.Usage(); float64(u.RoundTrips) != trips || u.Requests != m.Requests().Sub(before).Sum() || u.Latency() != roundTrip {
		t.Errorf("%s: the meter says %+v, it took %.1f round trips and %s", name, u, trips, m.Requests().Sub(before))
	}
	p := proofs[0]
	if p.Problem != nil || string(p.Document) != string(packet.Document()) || len(p.Links) != 1 || p.Export.PromotionPacketID != packet.Header.PromotionPacketID {
		t.Errorf("%s: proof of %+v: %v", name, p.Export, p.Problem)
	}
	wantChecks(t, p, "link", "log", "manifest", "bytes", "signer", "lock", "anchor")
}

func wantChecks(t *testing.T, p linkage.Proof, wants ...string) {
	t.Helper()
	seen := map[string]int{}
	for _, s := range p.Steps {
		for _, c := range s.Checked {
			seen[c.What]++
			if !c.OK || c.Says == "" {
				t.Errorf("%s: %s", s.Name, c)
			}
		}
	}
	for _, want := range wants {
		if seen[want] == 0 {
			t.Errorf("nothing says that %s was checked", want)
		}
	}
}
