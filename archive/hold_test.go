package archive_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
)

func matter(id, by string) archive.Matter {
	return archive.Matter{ID: id, Reason: "litigation is expected", By: by}
}

// held returns the objects of a bucket that are under legal hold.
func held(t testing.TB, b *memworm.Bucket) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	for e, err := range b.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		o, err := b.State(t.Context(), e.Ref)
		if err != nil {
			t.Fatal(err)
		}
		if o.Lock.LegalHold {
			all[e.Ref.Key] = true
		}
	}
	return all
}

func wantHeld(t *testing.T, when string, b *memworm.Bucket, wanted ...string) {
	t.Helper()
	have := held(t, b)
	for _, fragment := range wanted {
		found := false
		for key := range have {
			if strings.Contains(key, fragment) {
				found = true
				delete(have, key)
			}
		}
		if !found {
			t.Errorf("%s: nothing with %q is held", when, fragment)
		}
	}
	for key := range have {
		t.Errorf("%s: %s is held", when, key)
	}
}

// A hold covers every object of an export, and is let go by its own matter alone.
func TestHoldAndRelease(t *testing.T) {
	b := memworm.New()
	a := over(t, b, config(t))
	scene(t, a) // pp-1, with INC-1 bound to it, pp-2, pp-3
	first := archive.Selection{IncidentTicketID: "INC-1"}

	report, err := a.Hold(t.Context(), first, matter("M-1", "legal/one"))
	if err != nil || fmt.Sprint(report.Changed) != "[1]" {
		t.Fatalf("hold: %+v, %v", report, err)
	}
	batch := rows(t, a)[0].ExportBatchID
	wantHeld(t, "after the hold", b, "packets/pp-1/", "manifests/"+batch)
	again, err := a.Hold(t.Context(), first, matter("M-1", "legal/two"))
	if err != nil || len(again.Changed) != 0 || fmt.Sprint(again.Already) != "[1]" {
		t.Errorf("the same again: %+v, %v", again, err)
	}
	if _, err := a.Hold(t.Context(), archive.Selection{PromotionPacketID: "pp-1"}, matter("M-2", "legal/two")); err != nil {
		t.Fatal(err)
	}

	if _, err := a.Release(t.Context(), first, matter("M-1", "legal/ONE")); !errors.Is(err, archive.ErrSamePerson) || !errors.Is(err, archive.ErrPartial) {
		t.Errorf("released by who placed it: %v", err)
	}
	released, err := a.Release(t.Context(), archive.Selection{Everything: true}, matter("M-1", "legal/three"))
	if err != nil || fmt.Sprint(released.Changed) != "[1]" || len(released.Already) != 2 {
		t.Errorf("release: %+v, %v", released, err)
	}
	wantHeld(t, "while another matter holds", b, "packets/pp-1/", "manifests/"+batch)
	if _, err := a.Release(t.Context(), first, matter("M-2", "legal/three")); err != nil {
		t.Fatal(err)
	}
	wantHeld(t, "after all were released", b)
	if once, err := a.Release(t.Context(), first, matter("M-2", "legal/three")); err != nil || len(once.Changed) != 0 {
		t.Errorf("released twice: %+v, %v", once, err)
	}
	if again, err := a.Hold(t.Context(), first, matter("M-1", "legal/one")); err != nil || len(again.Changed) != 1 {
		t.Errorf("held once more: %+v, %v", again, err)
	}
	wantHeld(t, "held once more", b, "packets/pp-1/", "manifests/"+batch)
	last := rows(t, a)
	if r := last[len(last)-1]; r.Kind != exportlog.KindHold || r.MatterID != "M-1" || r.Reason == "" || r.ExportOperatorAck != "legal/one" || r.SubjectExportRowID != 1 {
		t.Errorf("the row says %+v", r)
	}
	if _, err := a.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

// Exports of one batch share their manifest: it is held as long as one of them is.
func TestHoldOfSharedManifest(t *testing.T) {
	b := memworm.New()
	a := over(t, b, config(t))
	if _, err := a.ExportBatch(t.Context(), []archive.Packet{packet(t, "pp-1"), packet(t, "pp-2")}); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"pp-1", "pp-2"} {
		if _, err := a.Hold(t.Context(), archive.Selection{PromotionPacketID: id}, matter("M-"+id, "legal/one")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.Release(t.Context(), archive.Selection{PromotionPacketID: "pp-1"}, matter("M-pp-1", "legal/two")); err != nil {
		t.Fatal(err)
	}
	wantHeld(t, "one of two released", b, "packets/pp-2/", "manifests/")
	if _, err := a.Release(t.Context(), archive.Selection{PromotionPacketID: "pp-2"}, matter("M-pp-2", "legal/two")); err != nil {
		t.Fatal(err)
	}
	wantHeld(t, "both released", b)
}

func TestHoldsThatAreRefused(t *testing.T) {
	a := over(t, memworm.New(), config(t))
	scene(t, a)
	all := archive.Selection{Everything: true}
	for name, c := range map[string]struct {
		s    archive.Selection
		m    archive.Matter
		want string
	}{
		"nothing selected":      {archive.Selection{}, matter("M-1", "legal/one"), "set Everything"},
		"everything and less":   {archive.Selection{Everything: true, PromotionPacketID: "pp-1"}, matter("M-1", "legal/one"), "something narrower"},
		"a window backwards":    {archive.Selection{From: noon, To: noon.AddDate(0, 0, -1)}, matter("M-1", "legal/one"), "before it begins"},
		"an unknown class":      {archive.Selection{RetentionClass: "forever"}, matter("M-1", "legal/one"), "use one of"},
		"no matter":             {all, matter("", "legal/one"), "matter_id is empty"},
		"no reason":             {all, archive.Matter{ID: "M-1", By: "legal/one"}, "reason is empty"},
		"not entitled":          {all, matter("M-1", "checkout-team/one"), "may not hold"},
		"control characters":    {all, matter("M\n1", "legal/one"), "control characters"},
		"the matter of a class": {all, matter(archive.ClassMatter, "legal/one"), "give another"},
	} {
		if _, err := a.Hold(t.Context(), c.s, c.m); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(rows(t, a)); n != 4 {
		t.Errorf("%d rows: something was held", n)
	}
	if _, err := a.Release(t.Context(), all, matter("M-1", "release-ops/one")); err == nil || !strings.Contains(err.Error(), "may not release") {
		t.Errorf("release: %v", err)
	}
}

// A hold that was cut off says what it reached, and the same call completes it.
func TestHoldGoesOn(t *testing.T) {
	b, cfg := memworm.New(), config(t)
	a := over(t, b, cfg)
	var packets []archive.Packet
	for i := range 40 {
		packets = append(packets, packet(t, fmt.Sprintf("pp-%02d", i)).With(exhibit("scorecard.pdf", fmt.Sprint(i))))
	}
	for i := range 4 {
		if _, err := a.ExportBatch(t.Context(), packets[i*10:i*10+10]); err != nil {
			t.Fatal(err)
		}
	}
	failing := over(t, &wormtest.Faulty{Driver: b, Plan: func(op wormtest.Op) wormtest.Fault {
		if op.Name == "hold" && op.N%7 == 0 {
			return wormtest.RefuseBefore
		}
		return wormtest.None
	}}, cfg)
	all := archive.Selection{Everything: true}
	total := 0
	for try := 0; ; try++ {
		if try > 100 {
			t.Fatal("it does not come to an end")
		}
		report, err := failing.Hold(t.Context(), all, matter("M-1", "legal/one"))
		if report.Selected() != 40 {
			t.Fatalf("%d exports in the report: %v", report.Selected(), err)
		}
		total += len(report.Changed)
		if total != len(report.Changed)+len(report.Already) {
			t.Fatalf("%d were changed so far, and the report says %d and %d", total, len(report.Changed), len(report.Already))
		}
		if err == nil {
			break
		}
		var partial *archive.PartialError
		if !errors.As(err, &partial) || len(partial.Report.Failed) == 0 || len(partial.Report.Failed[0].NotDone) == 0 {
			t.Fatal(err)
		}
	}
	if n := len(held(t, b)); n != 40*2+4 {
		t.Errorf("%d objects are held", n)
	}
}

// Of those who place and release holds at once, nobody takes off what another has put
// on: in the end what the log says is held is held, and nothing else.
func TestHoldsThatCross(t *testing.T) {
	b, cfg := memworm.New(), config(t)
	if _, err := over(t, b, cfg).ExportBatch(t.Context(), []archive.Packet{packet(t, "pp-1"), packet(t, "pp-2"), packet(t, "pp-3")}); err != nil {
		t.Fatal(err)
	}
	var g errgroup.Group
	for w := range 6 {
		a := over(t, b, cfg)
		g.Go(func() error {
			for n := range 12 {
				s := archive.Selection{PromotionPacketID: fmt.Sprintf("pp-%d", (w+n)%3+1)}
				m := matter(fmt.Sprintf("M-%d", w%3), fmt.Sprintf("legal/%d", w))
				if _, err := a.Hold(t.Context(), s, m); err != nil {
					return err
				}
				m.By = "legal/other"
				if _, err := a.Release(t.Context(), s, m); err != nil {
					return err
				}
			}
			_, err := a.Hold(t.Context(), archive.Selection{PromotionPacketID: "pp-2"}, matter("last", "legal/last"))
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	wantHeld(t, "in the end", b, "packets/pp-2/", "manifests/")
}

// Evidence that was moved is found under its new address, and under hold is not moved.
func TestMovedEvidence(t *testing.T) {
	a := over(t, memworm.New(), config(t))
	scene(t, a)
	first := rows(t, a)[0]
	moved := exportlog.Row{Kind: exportlog.KindCorrection, CorrectionOfExportRowID: 1, PromotionPacketID: "pp-1",
		ArchiveURI: strings.Replace(first.ArchiveURI, "mem://", "s3://copy/", 1), Reason: "the bucket was copied", IdempotencyKey: "moved"}
	if _, err := a.Hold(t.Context(), archive.Selection{PromotionPacketID: "pp-1"}, matter("M-1", "legal/one")); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Log().Append(t.Context(), moved); !errors.Is(err, exportlog.ErrBadRow) || !strings.Contains(err.Error(), "legal hold") {
		t.Errorf("moved under hold: %v", err)
	}
	if _, err := a.Release(t.Context(), archive.Selection{PromotionPacketID: "pp-1"}, matter("M-1", "legal/two")); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Log().Append(t.Context(), moved); err != nil {
		t.Fatal(err)
	}
	for _, uri := range []string{first.ArchiveURI, moved.ArchiveURI} {
		if e, err := a.Retrieve(t.Context(), uri); err != nil || e.Row.ExportRowID != 1 {
			t.Errorf("%s: row %d, %v", uri, e.Row.ExportRowID, err)
		}
	}
}
