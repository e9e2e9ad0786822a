package exportlog_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
)

// once faults the nth write and no other.
func once(n int, fault wormtest.Fault) func(wormtest.Op) wormtest.Fault {
	return func(op wormtest.Op) wormtest.Fault {
		if op.N == n {
			return fault
		}
		return wormtest.None
	}
}

// Whatever happens to one write of a commit, its rows get in exactly once.
func TestOneFaultIsSurvived(t *testing.T) {
	for _, fault := range wormtest.Faults() {
		for n := 1; n <= 3; n++ {
			t.Run(fmt.Sprintf("%s at write %d", fault, n), func(t *testing.T) {
				b := memworm.New()
				l := open(t, &wormtest.Faulty{Driver: b, Plan: once(n, fault)})
				fill(t, l, 3)
				if rows := allRows(t, l); len(rows) != 3 {
					t.Errorf("%d rows, want 3", len(rows))
				}
				if _, err := open(t, b).Verify(t.Context(), exportlog.Scope{}); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// The same, while another writer takes commits away.
func TestFaultsAmongRivals(t *testing.T) {
	const each = 20
	b := memworm.New()
	faults := append(wormtest.Faults(), wormtest.None)
	var wg sync.WaitGroup
	for w := range 4 {
		l := open(t, &wormtest.Faulty{Driver: b, Plan: func(op wormtest.Op) wormtest.Fault { return faults[(op.N+w)%len(faults)] }})
		wg.Go(func() {
			for i := range each {
				if _, err := l.Append(t.Context(), export(fmt.Sprint(w), fmt.Sprintf("%d-%d", w, i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	rows := allRows(t, open(t, b))
	wholeAndGapless(t, rows)
	if len(rows) != 4*each {
		t.Errorf("%d rows, want %d", len(rows), 4*each)
	}
	if _, err := open(t, b).Verify(t.Context(), exportlog.Scope{}); err != nil {
		t.Error(err)
	}
}

// A store that refuses for good: the rows are not in, and the error says so. One
// that never answers: nobody knows, and the error says that.
func TestFaultsWithoutEnd(t *testing.T) {
	for fault, want := range map[wormtest.Fault]bool{ // whether the outcome is unknown
		wormtest.RefuseBefore: false, wormtest.ConflictBefore: false, wormtest.LostBefore: true,
	} {
		t.Run(fault.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { faultWithoutEnd(t, fault, want) })
		})
	}
}

func faultWithoutEnd(t *testing.T, fault wormtest.Fault, want bool) {
	failing := true
	store, err := worm.New(t.Context(), &wormtest.Faulty{Driver: memworm.New(), Plan: func(wormtest.Op) wormtest.Fault {
		if failing {
			return fault
		}
		return wormtest.None
	}})
	if err != nil {
		t.Fatal(err)
	}
	l := exportlog.Open(store, exportlog.Config{Patience: 100 * time.Millisecond})
	defer l.Close()
	_, err = l.Append(t.Context(), export("a", "k1"))
	if err == nil || errors.Is(err, exportlog.ErrOutcomeUnknown) != want {
		t.Fatalf("append gave %v; want unknown outcome: %t", err, want)
	}
	var unknown *exportlog.UnknownOutcomeError
	if want && (!errors.As(err, &unknown) || len(unknown.IdempotencyKeys) != 1 || unknown.IdempotencyKeys[0] != "k1" || unknown.Object != commit(1)) {
		t.Errorf("the error does not carry what is needed to resume: %+v", unknown)
	}
	failing = false
	if got, err := l.Append(t.Context(), export("a", "k1")); err != nil || got[0].ExportRowID != 1 || got[0].Existing {
		t.Errorf("resuming gave %+v, %v", got, err)
	}
}

// A caller whose context ends while its commit is on the way is told that nobody
// knows; asking again tells.
func TestCallerLeavesInFlight(t *testing.T) {
	b := memworm.New()
	inFlight, release := make(chan struct{}), make(chan struct{})
	d := &wormtest.Faulty{Driver: b, Before: func(op wormtest.Op) {
		if op.N == 1 {
			close(inFlight)
			<-release
		}
	}}
	l := open(t, d)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-inFlight
		cancel()
	}()
	_, err := l.Append(ctx, export("a", "k1"))
	if !errors.Is(err, exportlog.ErrOutcomeUnknown) || !errors.Is(err, context.Canceled) {
		t.Fatalf("append gave %v", err)
	}

	// One that is still queued behind it is certain.
	queued, cancelQueued := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancelQueued)
	_, err = l.Append(queued, export("b", "k2"))
	if errors.Is(err, exportlog.ErrOutcomeUnknown) || !errors.Is(err, context.Canceled) {
		t.Errorf("append behind it gave %v", err)
	}

	close(release)
	got, err := l.Append(t.Context(), export("a", "k1"))
	if err != nil || !got[0].Existing || got[0].ExportRowID != 1 {
		t.Errorf("asking again gave %+v, %v; want row 1, which got in", got, err)
	}
	if rows := allRows(t, open(t, b)); len(rows) != 1 {
		t.Errorf("%d rows, want the one", len(rows))
	}
}
