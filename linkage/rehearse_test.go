package linkage_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/linkage"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// A rehearsal reports each step against the SLA and leaves no trace.
func TestRehearse(t *testing.T) {
	a, b := exported(t)
	if err := a.Log().Seal(t.Context()); err != nil { // no more index entries on their way
		t.Fatal(err)
	}
	before := objects(t, b)
	r, err := linkage.New(a).Rehearse(t.Context(), linkage.Drill{PromotionPacketID: payments, SLA: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	var sum time.Duration
	var names []string
	for _, s := range r.Steps {
		sum += s.Took
		names = append(names, s.Name)
		if s.Took < 0 || s.Detail == "" {
			t.Errorf("step %+v", s)
		}
	}
	if want := []string{"locate the export", "retrieve it by archive_uri", "confirm content_integrity_reference", "bind a mock incident"}; !slices.Equal(names, want) {
		t.Errorf("steps %q, want %q", names, want)
	}
	if r.Total != sum || r.SLA != time.Minute || r.WithinSLA() != (sum <= time.Minute) {
		t.Errorf("total %s of %s, steps come to %s", r.Total, r.SLA, sum)
	}
	if r.Export.PromotionPacketID != payments || r.Link.SubjectExportRowID != r.Export.ExportRowID || r.Link.Kind != exportlog.KindLink {
		t.Errorf("export %+v, link %+v", r.Export, r.Link)
	}
	if after := objects(t, b); after != before {
		t.Errorf("the bucket had %d objects, and has %d", before, after)
	}
	if (linkage.Rehearsal{Total: 2, SLA: 1}).WithinSLA() {
		t.Error("twice the SLA is within it")
	}
}

func objects(t *testing.T, b *memworm.Bucket) (n int) {
	t.Helper()
	for _, err := range b.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// A rehearsal over harmed evidence fails at the step that sees it.
func TestRehearseOverHarm(t *testing.T) {
	for name, c := range map[string]struct {
		harm func(b *memworm.Bucket, r exportlog.Row) error
		step string
		done int
	}{
		"packet edited": {func(b *memworm.Bucket, r exportlog.Row) error { return b.Tamper(documentOf(r), []byte("x")) }, "retrieve", 1},
		"manifest lost": {func(b *memworm.Bucket, r exportlog.Row) error {
			return b.Drop("manifests/" + r.ExportBatchID + "/" + strings.TrimPrefix(r.ContentIntegrityReference, "sha256:") + ".sigstore.json")
		}, "retrieve", 1},
		"packet hidden": {func(b *memworm.Bucket, r exportlog.Row) error { b.Hide(documentOf(r)); return nil }, "confirm", 2},
	} {
		a, b := exported(t)
		linker := linkage.New(a)
		located, err := linker.Locate(t.Context(), exportlog.Query{PromotionPacketID: payments})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.harm(b, located.Export); err != nil {
			t.Fatal(err)
		}
		r, err := linker.Rehearse(t.Context(), linkage.Drill{PromotionPacketID: payments})
		if err == nil || !strings.Contains(err.Error(), c.step) || len(r.Steps) != c.done {
			t.Errorf("%s: %v after %d steps", name, err, len(r.Steps))
		}
	}
}

func documentOf(r exportlog.Row) string {
	return fmt.Sprintf("packets/%s/%s/packet.csv", r.PromotionPacketID, r.PacketSHA256)
}

// A log damaged in one place still leads to what is intact, and says so.
func TestLocateInADamagedLog(t *testing.T) {
	a, b := exported(t)
	linker := linkage.New(a)
	if _, err := linker.Bind(t.Context(), divergence()); err != nil {
		t.Fatal(err)
	}
	d := divergence()
	d.IncidentTicketID, d.RollbackEventID = "INC-2", ""
	if _, err := linker.Bind(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if err := b.Tamper("log/commits/000/000/000/002.jsonl", []byte("{}\n")); err != nil {
		t.Fatal(err)
	}
	store, err := worm.New(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := archive.OpenStore(store, archive.Config{})
	if err != nil {
		t.Fatal(err)
	}
	located, err := linkage.New(fresh).Locate(t.Context(), exportlog.Query{IncidentTicketID: "INC-2"})
	if err != nil || located.Export.PromotionPacketID != payments || !errors.Is(located.Damage, exportlog.ErrDamaged) {
		t.Errorf("located %+v, %v", located, err)
	}
	if _, err := linkage.New(fresh).Bind(t.Context(), divergence()); !errors.Is(err, exportlog.ErrDamaged) {
		t.Errorf("bound in a damaged log: %v", err)
	}
}
