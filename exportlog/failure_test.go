package exportlog_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
)

// The ways in which writing a log goes wrong, one test each; many processes are in
// processes_test.go, what happens to the log afterwards in tamper_test.go. All of
// them, named for what happens:
//
//	go test ./exportlog -list Failure

// wantRows checks that the log has exactly so many rows, whole, and verifies.
func wantRows(t *testing.T, b worm.Driver, rows int) {
	t.Helper()
	all := allRows(t, open(t, b))
	wholeAndGapless(t, all)
	if len(all) != rows {
		t.Errorf("%d rows, want %d", len(all), rows)
	}
	if _, err := open(t, b).Verify(t.Context(), exportlog.Scope{}); err != nil {
		t.Error(err)
	}
}

// onCommits faults the nth write of a commit and leaves all other writes alone.
func onCommits(n int, fault wormtest.Fault) func(wormtest.Op) wormtest.Fault {
	var mu sync.Mutex
	seen := 0
	return func(op wormtest.Op) wormtest.Fault {
		mu.Lock()
		defer mu.Unlock()
		if !strings.HasPrefix(op.Key, "log/commits/") {
			return wormtest.None
		}
		if seen++; seen == n {
			return fault
		}
		return wormtest.None
	}
}

func TestFailureStoredButReplyLost(t *testing.T) { survives(t, wormtest.LostAfter) }

func TestFailureStoredThenOwnRetryRefused(t *testing.T) { survives(t, wormtest.LostThenRefused) }

func TestFailureLandsAfterReadBackSawNothing(t *testing.T) {
	survives(t, wormtest.DelayedPastRead)
}

func survives(t *testing.T, fault wormtest.Fault) {
	b := memworm.New()
	fill(t, open(t, &wormtest.Faulty{Driver: b, Plan: onCommits(2, fault)}), 4)
	wantRows(t, b, 4)
}

// A conflict is no verdict: the rival may have failed, or it may have won.
func TestFailureConflictThenRival(t *testing.T) {
	for _, rivalWins := range []bool{false, true} {
		b := memworm.New()
		rival := open(t, b)
		conflict := onCommits(2, wormtest.ConflictBefore)
		l := open(t, &wormtest.Faulty{Driver: b, Plan: func(op wormtest.Op) wormtest.Fault {
			fault := conflict(op)
			if fault != wormtest.None && rivalWins {
				if _, err := rival.Append(t.Context(), export("rival", "rival")); err != nil {
					t.Error(err)
				}
			}
			return fault
		}})
		fill(t, l, 3)
		want := 3
		if rivalWins {
			want = 4
		}
		wantRows(t, b, want)
	}
}

// A writer that dies after its commit was stored and before it could say so: the
// same rows, appended again, are found.
func TestFailureCrashBetweenPutAndAck(t *testing.T) {
	b := memworm.New()
	ctx, crash := context.WithCancel(t.Context())
	dying := &wormtest.Faulty{Driver: b, After: func(op wormtest.Op) {
		if op.Key == commit(1) {
			crash()
		}
	}, Plan: onCommits(1, wormtest.LostAfter)}
	_, err := open(t, dying).Append(ctx, export("a", "k1"), export("b", "k2"))
	if err != nil && !errors.Is(err, exportlog.ErrOutcomeUnknown) {
		t.Errorf("the caller who left was told %v", err)
	}
	again, err := open(t, b).Append(t.Context(), export("a", "k1"), export("b", "k2"))
	if err != nil || !again[0].Existing || !again[1].Existing {
		t.Errorf("again: %+v, %v", again, err)
	}
	wantRows(t, b, 2)
}

func TestFailureSameKeyTwiceInOneRound(t *testing.T) {
	b := memworm.New()
	l := open(t, b)
	var wg sync.WaitGroup
	numbers := make([]int64, 50)
	for i := range numbers {
		wg.Go(func() {
			got, err := l.Append(t.Context(), export("a", "same"))
			if err != nil {
				t.Error(err)
				return
			}
			numbers[i] = got[0].ExportRowID
		})
	}
	wg.Wait()
	if slices.Max(numbers) != 1 {
		t.Errorf("the same row got numbers %v", numbers)
	}
	wantRows(t, b, 1)
}

func TestFailureSameKeyAcrossWriters(t *testing.T) {
	const writers = 12
	b := memworm.New()
	var wg sync.WaitGroup
	for range writers {
		l := open(t, b)
		wg.Go(func() {
			for i := range 10 {
				if _, err := l.Append(t.Context(), export("a", fmt.Sprint(i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	wantRows(t, b, 10)
}

// Rows that are the same but for their keys are different rows.
func TestFailureIdenticalRowsFromTwoWriters(t *testing.T) {
	b := memworm.New()
	for _, l := range []*exportlog.Log{open(t, b), open(t, b)} {
		for _, key := range []string{"k1", "k2"} {
			if _, err := l.Append(t.Context(), export("a", key)); err != nil {
				t.Fatal(err)
			}
		}
	}
	wantRows(t, b, 2)
}

// A writer that has slept through thousands of commits goes to the newest mark,
// and holds what it knew to what is there.
func TestFailureStaleWriter(t *testing.T) {
	b := memworm.New()
	sleeper := open(t, b)
	fill(t, sleeper, 3)
	writer := open(t, b)
	const more = 3000
	for i := range more {
		if _, err := writer.Append(t.Context(), export("more", fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, err := sleeper.Append(t.Context(), export("pp-1", "k-1"), export("awake", "awake"))
	if err != nil || !got[0].Existing || got[0].ExportRowID != 1 || got[1].ExportRowID != 3+more+1 {
		t.Errorf("the sleeper appended %+v, %v", got, err)
	}
	wantRows(t, b, 3+more+1)
}

// The same, when the log it knew is not the beginning of the one that is there.
func TestFailureStaleWriterOfAnotherHistory(t *testing.T) {
	b, other := memworm.New(), memworm.New()
	grow(t, b, 1500)
	l := open(t, &swapped{Bucket: other})
	fill(t, l, 3)
	current.Store(b)
	defer current.Store(nil)
	if _, err := l.Append(t.Context(), export("x", "x")); !errors.Is(err, exportlog.ErrDamaged) {
		t.Errorf("appended to another history: %v", err)
	}
}

func TestFailureStoreThatIgnoresIfNoneMatch(t *testing.T) {
	b := memworm.New()
	b.IgnoreConditions()
	one, other := open(t, b), open(t, b)
	fill(t, one, 2)
	if _, err := other.Head(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, l := range []*exportlog.Log{one, other} {
		if _, err := l.Append(t.Context(), export("x", fmt.Sprint("x", i))); err != nil {
			t.Fatal(err)
		}
	}
	report, err := open(t, b).Verify(t.Context(), exportlog.Scope{})
	if !errors.Is(err, exportlog.ErrDamaged) || !named(report, exportlog.Hidden, commit(3), 3) {
		t.Errorf("Verify saw %v", report.Findings)
	}
}

// On a cloud that creates over a delete marker, a writer that cannot see the head
// must not write in its place.
func TestFailureDeleteMarkerOnTheHead(t *testing.T) {
	for name, prepare := range map[string]func(*memworm.Bucket){"refused": func(*memworm.Bucket) {}, "allowed": (*memworm.Bucket).CreateOverMarkers} {
		t.Run("create over it "+name, func(t *testing.T) {
			b := memworm.New()
			prepare(b)
			fill(t, open(t, b), 3)
			b.Hide(commit(3))
			_, err := open(t, b).Append(t.Context(), export("x", "x"))
			if !errors.Is(err, exportlog.ErrDamaged) || !strings.Contains(err.Error(), commit(3)) {
				t.Errorf("appended where the head was hidden: %v", err)
			}
			report, err := open(t, b).Verify(t.Context(), exportlog.Scope{})
			if !errors.Is(err, exportlog.ErrDamaged) || !named(report, exportlog.Hidden, commit(3), 3) || report.Head.Size != 3 {
				t.Errorf("Verify saw %+v", report)
			}
		})
	}
}

func TestFailureThrottlingAndClockSkew(t *testing.T) {
	b := memworm.New()
	var seen sync.Map // each object is refused at first, in whatever order they come
	l := open(t, &wormtest.Faulty{Driver: b, Plan: func(op wormtest.Op) wormtest.Fault {
		if _, again := seen.LoadOrStore(op.Key, true); !again {
			return wormtest.RefuseBefore // 503 Slow Down
		}
		return wormtest.None
	}})
	fill(t, l, 3)
	store, err := worm.New(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	slow := exportlog.Open(store, exportlog.Config{Clock: func() time.Time { return noon.AddDate(-10, 0, 0) }})
	got, err := slow.Append(t.Context(), export("late", "late"))
	if err != nil || got[0].ExportRowID != 4 || got[0].RecordedAtUTC.Year() != 2016 {
		t.Errorf("a writer ten years behind appended %+v, %v", got, err)
	}
}

func TestFailureRowAtTheSizeLimit(t *testing.T) {
	b := memworm.New()
	l := open(t, b)
	base := export("a", "k")
	_, err := l.Append(t.Context(), base)
	if err != nil {
		t.Fatal(err)
	}
	for size := exportlog.MaxLineBytes - 1200; ; size++ {
		r := export("a", fmt.Sprint("k", size))
		r.DivergenceSummary = strings.Repeat("x", size)
		got, err := l.Append(t.Context(), r)
		if errors.Is(err, exportlog.ErrBadRow) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(got[0].Line()) > exportlog.MaxLineBytes {
			t.Fatalf("a line of %d bytes", len(got[0].Line()))
		}
		size += 20
	}
	if _, err := open(t, b).Verify(t.Context(), exportlog.Scope{}); err != nil {
		t.Error(err)
	}
}

func TestFailureLineBreaksInValues(t *testing.T) {
	b := memworm.New()
	l := open(t, b)
	values := []string{"a\r\nb", "a\nb\n", "a\u2028b\u2029c", "\u0085", "tab\tquote\"back\\slash", "zażółć 漢字 🚀", "<script>&amp;"}
	for i, v := range values {
		r := export("pp-"+fmt.Sprint(i), v)
		r.DivergenceSummary = v
		if _, err := l.Append(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	for i, r := range allRows(t, open(t, b)) {
		if r.DivergenceSummary != values[i] || r.IdempotencyKey != values[i] || strings.Count(string(r.Line()), "\n") != 1 {
			t.Errorf("%q came back as %q", values[i], r.DivergenceSummary)
		}
	}
	wantRows(t, b, len(values))
}
