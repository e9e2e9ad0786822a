package archive_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

func findingKinds(findings []exportlog.Finding) map[exportlog.FindingKind]int {
	n := map[exportlog.FindingKind]int{}
	for _, f := range findings {
		n[f.Kind]++
	}
	return n
}

// What later rows promise is looked for as what the manifest did.
func TestSweepKnowsWhatRowsPromise(t *testing.T) {
	b, cfg := memworm.New(), config(t)
	a := over(t, b, cfg)
	scene(t, a)
	promise := []exportlog.Row{
		{Kind: exportlog.KindHold, SubjectExportRowID: 1, PromotionPacketID: "pp-1", MatterID: "M-1", IdempotencyKey: "h"},
		{Kind: exportlog.KindExtend, SubjectExportRowID: 2, PromotionPacketID: "pp-2", RetentionMode: retention.Compliance, RetainUntilUTC: noon.AddDate(9, 0, 0), IdempotencyKey: "x"},
	}
	if _, err := a.Log().Append(t.Context(), promise...); err != nil { // and nothing was done
		t.Fatal(err)
	}
	report, err := a.VerifyRows(t.Context(), archive.Range{})
	if !errors.Is(err, archive.ErrNotConfirmed) || fmt.Sprint(findingKinds(report.Findings)) != "map[not held:3 weak lock:3]" {
		t.Errorf("%v: %v", findingKinds(report.Findings), err)
	}
	for _, f := range report.Findings {
		if f.Kind == archive.NotHeld && (f.ExportRowID != 1 || !strings.Contains(f.Problem, "M-1")) || f.Kind == archive.WeakLock && (f.ExportRowID != 2 || !strings.Contains(f.Problem, "2035-09-01")) {
			t.Errorf("%+v", f)
		}
	}
	if _, err := a.Confirm(t.Context(), rows(t, a)[0]); !errors.Is(err, archive.ErrNotConfirmed) {
		t.Errorf("confirm: %v", err)
	}
	if again, err := a.Hold(t.Context(), archive.Selection{PromotionPacketID: "pp-1"}, matter("M-2", "legal/one")); err != nil || len(again.Changed) != 1 {
		t.Fatal(again, err)
	}
	if report, err := a.VerifyRows(t.Context(), archive.Range{To: 1}); err != nil || report.Exports != 1 {
		t.Errorf("after the objects are held: %+v, %v", report, err)
	}
}

// Ranges together are the whole, whatever they are, and each names what lies in it.
func TestSweepIsSplit(t *testing.T) {
	b, cfg := memworm.New(), config(t)
	a := over(t, b, cfg)
	for i := range 30 {
		if _, err := a.Export(t.Context(), packet(t, fmt.Sprintf("pp-%02d", i+1))); err != nil {
			t.Fatal(err)
		}
	}
	for _, e := range slices.Collect(listed(t, b, "packets/pp-07/")) {
		b.Overwrite(e, []byte("edited"))
	}
	exports, named := 0, map[int64]bool{}
	for from := int64(1); from <= 30; from += 7 {
		report, err := a.VerifyRows(t.Context(), archive.Range{From: from, To: from + 6})
		if report.Next != 0 || (len(report.Findings) == 0) != (err == nil) {
			t.Errorf("from %d: %+v, %v", from, report, err)
		}
		exports += report.Exports
		for _, f := range report.Findings {
			named[f.ExportRowID] = true
		}
	}
	if exports != 30 || len(named) != 1 || !named[7] {
		t.Errorf("%d exports, rows %v", exports, named)
	}
}

func listed(t testing.TB, b *memworm.Bucket, prefix string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for e, err := range b.List(t.Context(), prefix) {
			if err != nil {
				t.Fatal(err)
			}
			if !yield(e.Ref.Key) {
				return
			}
		}
	}
}

// stopping ends a context at the n-th look at an object.
type stopping struct {
	*memworm.Bucket
	left atomic.Int64
	stop context.CancelFunc
}

func (s *stopping) State(ctx context.Context, ref worm.Ref) (worm.Object, error) {
	if s.left.Add(-1) == 0 {
		s.stop()
	}
	if err := ctx.Err(); err != nil {
		return worm.Object{}, err
	}
	return s.Bucket.State(ctx, ref)
}

// A sweep that is stopped says where to go on, and leaves out nothing.
func TestSweepGoesOn(t *testing.T) {
	b, cfg := memworm.New(), config(t)
	for i := range 25 {
		if _, err := over(t, b, cfg).Export(t.Context(), packet(t, fmt.Sprintf("pp-%02d", i+1))); err != nil {
			t.Fatal(err)
		}
	}
	for stopAt := 1; stopAt < 50; stopAt += 7 {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		driver := &stopping{Bucket: b, stop: cancel}
		driver.left.Store(int64(stopAt))
		a := over(t, driver, cfg)
		report, err := a.VerifyRows(ctx, archive.Range{})
		if !errors.Is(err, context.Canceled) || report.Next == 0 {
			t.Fatalf("stopped at %d: %+v, %v", stopAt, report, err)
		}
		rest, err := over(t, b, cfg).VerifyRows(t.Context(), archive.Range{From: report.Next})
		if err != nil || rest.Next != 0 || rest.Exports != 25-int(report.Next)+1 || report.Exports < int(report.Next)-1 {
			t.Errorf("stopped at %d after %d, next %d: then %d, %v", stopAt, report.Exports, report.Next, rest.Exports, err)
		}
	}
}
