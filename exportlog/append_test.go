package exportlog_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

func TestAppendChainsRows(t *testing.T) {
	b := memworm.New()
	l := open(t, b)
	got, err := l.Append(t.Context(), export("a", "k1"), export("b", "k2"))
	if err != nil {
		t.Fatal(err)
	}
	if got[0].ExportRowID != 1 || got[1].ExportRowID != 2 || got[0].Existing || got[1].Existing {
		t.Fatalf("appended %+v", got)
	}
	if got[0].PrevRowSHA256 != worm.Sum(nil) {
		t.Error("row 1 does not chain onto nothing")
	}
	body := bodyOf(t, b, commit(1))
	first, _, _ := strings.Cut(string(body), "\n")
	if got[1].PrevRowSHA256 != worm.Sum([]byte(first+"\n")) {
		t.Error("row 2 does not hold the SHA-256 of row 1's line, newline included")
	}
	if string(body) != lines(allRows(t, l)) {
		t.Error("Row.Line is not what lies in the bucket")
	}
	if abroad, err := l.Append(t.Context(), exportlog.Row{
		Kind: exportlog.KindExport, PromotionPacketID: "c", IdempotencyKey: "k3", ExportedAtUTC: noon.In(time.FixedZone("", 7200)),
	}); err != nil || !strings.Contains(string(abroad[0].Line()), `"exported_at_utc":"2026-08-04T12:00:00Z"`) {
		t.Errorf("the time is %s in the log, %v", abroad[0].Line(), err)
	}
	state, err := b.State(t.Context(), worm.Ref{Key: commit(1)})
	if err != nil || state.Lock.String() != "compliance until 2033-08-05T00:00:00Z" {
		t.Errorf("the commit is under %s (%v)", state.Lock, err)
	}
}

func TestAppendIsIdempotent(t *testing.T) {
	b := memworm.New()
	first, err := open(t, b).Append(t.Context(), export("a", "k1"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := open(t, b).Append(t.Context(), export("a", "k1"), export("b", "k2"), export("b", "k2"))
	if err != nil {
		t.Fatal(err)
	}
	if !again[0].Existing || again[0].SHA256() != first[0].SHA256() {
		t.Errorf("k1 came back as %+v, want the first row", again[0])
	}
	if again[1].Existing || again[1].ExportRowID != 2 {
		t.Errorf("k2 came back as %+v", again[1])
	}
	if !again[2].Existing || again[2].ExportRowID != 2 {
		t.Errorf("k2, given twice in one call, came back as %+v", again[2])
	}
	wholeAndGapless(t, allRows(t, open(t, b)))
}

func TestReexportIsFlagged(t *testing.T) {
	l := open(t, memworm.New())
	got, err := l.Append(t.Context(), export("a", "k1"), export("b", "k2"), export("a", "k3"))
	if err != nil {
		t.Fatal(err)
	}
	later, err := l.Append(t.Context(), export("a", "k4"))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int64{0, 0, 1} {
		if got[i].ReexportOfExportRowID != want {
			t.Errorf("row %d is a re-export of %d, want %d", i+1, got[i].ReexportOfExportRowID, want)
		}
	}
	if later[0].ReexportOfExportRowID != 3 {
		t.Errorf("row 4 is a re-export of %d, want 3", later[0].ReexportOfExportRowID)
	}
}

// Whatever is appended while a commit is in flight goes into the next one.
func TestAppendGroups(t *testing.T) {
	const callers = 200
	b := memworm.New()
	l := open(t, b)
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			if _, err := l.Append(t.Context(), export(fmt.Sprint(i), fmt.Sprint("k", i))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	rows := allRows(t, l)
	wholeAndGapless(t, rows)
	if len(rows) != callers {
		t.Fatalf("%d rows, want %d", len(rows), callers)
	}
	if _, err := l.Verify(t.Context(), exportlog.Scope{}); err != nil {
		t.Error(err)
	}
}

// Many logs on one bucket, as many processes have, with half of their rows the
// same: each row once, in one gapless chain.
func TestManyWriters(t *testing.T) {
	const writers, each = 8, 30
	b := memworm.New()
	var wg sync.WaitGroup
	for w := range writers {
		l := open(t, b)
		wg.Go(func() {
			for i := range each {
				shared, own := fmt.Sprintf("shared-%d", i), fmt.Sprintf("own-%d-%d", w, i)
				got, err := l.Append(t.Context(), export(shared, shared), export(own, own))
				if err != nil {
					t.Error(err)
					return
				}
				if got[0].PromotionPacketID != shared || got[1].PromotionPacketID != own {
					t.Errorf("asked for %s and %s, got %+v", shared, own, got)
				}
			}
		})
	}
	wg.Wait()
	rows := allRows(t, open(t, b))
	wholeAndGapless(t, rows)
	if want := each + writers*each; len(rows) != want {
		t.Fatalf("%d rows, want %d", len(rows), want)
	}
	if _, err := open(t, b).Verify(t.Context(), exportlog.Scope{}); err != nil {
		t.Error(err)
	}
}

func TestAppendRefuses(t *testing.T) {
	b := memworm.New()
	l := open(t, b)
	long := export("a", "k")
	long.DivergenceSummary = strings.Repeat("x", exportlog.MaxLineBytes)
	invalid := export("a", "k")
	invalid.DivergenceSummary = "\xff"
	many := make([]exportlog.Row, exportlog.MaxCommitRows+1)
	big := make([]exportlog.Row, 80)
	for i := range big {
		big[i] = export("a", fmt.Sprint(i))
		big[i].DivergenceSummary = strings.Repeat("x", 60_000)
	}
	for name, rows := range map[string][]exportlog.Row{
		"no rows": nil, "too many rows": many, "too many bytes": big, "a line too long": {long}, "invalid UTF-8": {invalid},
		"no idempotency key": {export("a", "")}, "no packet": {export("", "k")}, "no kind": {{PromotionPacketID: "a", IdempotencyKey: "k"}},
		"one bad row among good": {export("a", "k1"), long},
	} {
		if _, err := l.Append(t.Context(), rows...); !errors.Is(err, exportlog.ErrBadRow) {
			t.Errorf("%s: %v", name, err)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Append(gone, export("a", "k")); !errors.Is(err, context.Canceled) || errors.Is(err, exportlog.ErrOutcomeUnknown) {
		t.Errorf("a context that had ended before: %v", err)
	}
	if rows := allRows(t, open(t, b)); len(rows) != 0 {
		t.Errorf("%d rows got in", len(rows))
	}
	l.Close()
	if _, err := l.Append(t.Context(), export("a", "k")); !errors.Is(err, exportlog.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}
