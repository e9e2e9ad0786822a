package archive_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/policy"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// Whatever is done with policies, extensions, holds and releases, in whatever order, no
// object can ever be deleted before a date that was promised, nor while it is held.
func TestPromisesAreKept(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			w := &world{T: t, r: rand.New(rand.NewPCG(seed, 1)), b: memworm.New(), cfg: config(t), now: noon, promised: map[string]retention.Lock{}, held: map[string]map[string]bool{}}
			w.cfg.Clock = func() time.Time { return w.now }
			for range 40 {
				w.step()
				w.check()
			}
			if _, err := over(t, w.b, w.cfg).Verify(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// world is a bucket and what was promised of it.
type world struct {
	*testing.T
	r        *rand.Rand
	b        *memworm.Bucket
	cfg      archive.Config
	now      time.Time
	packets  int
	promised map[string]retention.Lock  // by packet: the strongest ever
	held     map[string]map[string]bool // by packet: the matters
}

func (w *world) step() {
	w.now = w.now.AddDate(0, w.r.IntN(8), 0)
	a := over(w, w.b, w.cfg)
	defer a.Close()
	some := fmt.Sprintf("pp-%d", w.r.IntN(w.packets+1))
	m := matter(fmt.Sprintf("M-%d", w.r.IntN(2)), "legal/one")
	switch w.r.IntN(6) {
	case 0, 1:
		w.export(a)
	case 2:
		w.cfg.Policy = w.anyPolicy()
	case 3:
		w.do(a.Extend(w.Context(), archive.Selection{PromotionPacketID: some}, archive.Extension{Reason: "test", RetentionClass: w.anyClass()}))
	case 4:
		w.do(a.Hold(w.Context(), archive.Selection{PromotionPacketID: some}, m))
		if w.held[some] != nil {
			w.held[some][m.ID] = true
		}
	case 5:
		m.By = "legal/two"
		w.do(a.Release(w.Context(), archive.Selection{PromotionPacketID: some}, m))
		delete(w.held[some], m.ID)
	}
	for c, err := range a.Log().Current(w.Context()) {
		if err != nil {
			w.Fatal(err)
		}
		w.promise(c.PromotionPacketID, retention.Lock{Mode: c.RetentionMode, Until: c.RetainUntilUTC})
	}
}

func (w *world) do(_ archive.ChangeReport, err error) {
	if err != nil {
		w.Fatal(err)
	}
}

// export archives a new packet, or two under one manifest, some under a class that
// brings a hold.
func (w *world) export(a *archive.Archive) {
	var batch []archive.Packet
	for range 1 + w.r.IntN(2) {
		id := fmt.Sprintf("pp-%d", w.packets)
		w.packets++
		w.held[id] = map[string]bool{}
		batch = append(batch, parse(w, fmt.Sprintf(`{"promotion_packet_id": %q, "promotion_decision": "promote", "promotion_decision_at_utc": %q, "retention_class": %q}`,
			id, w.now.Format(time.RFC3339), w.anyClass())).With(exhibit("x", id)))
	}
	receipts, err := a.ExportBatch(w.Context(), batch)
	if err != nil {
		w.Fatal(err)
	}
	for _, r := range receipts {
		if r.LegalHold {
			w.held[r.PromotionPacketID][archive.ClassMatter] = true
		}
		w.promise(r.PromotionPacketID, retention.Lock{Mode: r.RetentionMode, Until: r.RetainUntilUTC})
	}
}

func (w *world) promise(id string, l retention.Lock) {
	w.promised[id] = retention.Stronger(w.promised[id], l)
}

func (w *world) anyClass() retention.Class {
	return retention.Classes()[w.r.IntN(3)]
}

func (w *world) anyPolicy() *policy.Policy {
	return changed(w, func(f *policy.File) {
		years := 1
		mode := retention.Governance
		for _, c := range retention.Classes() {
			years += w.r.IntN(4)
			if w.r.IntN(3) == 0 {
				mode = retention.Compliance
			}
			period(f, c, years, mode)
		}
		terms := f.Classes[retention.Regulated]
		terms.LegalHold = w.r.IntN(2) == 0
		f.Classes[retention.Regulated] = terms
	})
}

// check looks at the locks of every object in the bucket.
func (w *world) check() {
	have, _ := locks(w, w.b)
	for id, promise := range w.promised {
		objects := 0
		for key, lock := range have {
			if !strings.HasPrefix(key, "packets/"+id+"/") {
				continue
			}
			objects++
			promise.LegalHold, lock.LegalHold = len(w.held[id]) > 0, lock.LegalHold && len(w.held[id]) > 0
			if !lock.Covers(promise) {
				w.Fatalf("%s: %s was promised, it is under %s", key, promise, lock)
			}
		}
		if objects != 2 {
			w.Fatalf("%s has %d objects", id, objects)
		}
	}
}
