package exportlog_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
)

// Writers who share commits, and die or rival over it.

// A helper is a writer that takes others' proposals along. One that dies on the
// way, before its commit is stored or after, holds nobody up.
func TestFailureHelperDies(t *testing.T) {
	for name, stored := range map[string]bool{"before it wrote": false, "after it wrote": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { helperDies(t, stored) })
		})
	}
}

func helperDies(t *testing.T, stored bool) {
	const writers, each = 6, 30
	b := memworm.New()
	ends := make(chan struct{})
	var died atomic.Bool // with others' rows in its commit
	die := func(now bool) func(int) {
		return func(lines int) {
			if now && lines > 1 && died.CompareAndSwap(false, true) {
				<-ends
			}
		}
	}
	dying := openFar(t, &helper{Driver: b, before: die(!stored), after: die(stored)})
	var dead, living sync.WaitGroup
	dead.Go(func() {
		for i := 0; !died.Load(); i++ {
			dying.Append(t.Context(), export("dead", fmt.Sprint("dead-", i)))
		}
	})
	for w := range writers {
		l := openFar(t, b)
		living.Go(func() { appendEach(t, l, w, each) })
	}
	living.Wait()
	if !died.Load() {
		t.Error("it never wrote for others, and lives")
	}
	died.Store(true)
	close(ends)
	dead.Wait()
	dying.Close()
	rows := allRows(t, open(t, b))
	wholeAndGapless(t, rows)
	rows = slices.DeleteFunc(rows, func(r exportlog.Row) bool { return r.PromotionPacketID == "dead" })
	if len(rows) != writers*each {
		t.Errorf("%d rows of those who live, want %d", len(rows), writers*each)
	}
	if _, err := open(t, b).Verify(t.Context(), exportlog.Scope{}); err != nil {
		t.Error(err)
	}
}

// Everybody takes itself for the first in line, and writes the commit with
// everybody's rows.
func TestFailureTwoHelpersAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const writers, each = 8, 15
		b := memworm.New()
		var helped atomic.Int64 // attempts at a commit with others' rows in it
		var wg sync.WaitGroup
		for w := range writers {
			l := openFar(t, &helper{Driver: b, eager: true, before: func(lines int) {
				if lines > 1 {
					helped.Add(1)
				}
			}})
			wg.Go(func() { appendEach(t, l, w, each) })
		}
		wg.Wait()
		if commits := int64(lastCommit(t, b)); helped.Load() <= commits {
			t.Errorf("%d commits were tried by helpers %d times: never two at once", commits, helped.Load())
		}
		wantRows(t, b, writers*each)
	})
}

// openFar opens a log over a network on which everything takes a round trip, so
// that writers get in each other's way.
func openFar(t *testing.T, d worm.Driver) *exportlog.Log {
	t.Helper()
	return open(t, &wormtest.Metered{Driver: d, Latency: roundTrip})
}

func appendEach(t *testing.T, l *exportlog.Log, writer, rows int) {
	for i := range rows {
		if _, err := l.Append(t.Context(), export(fmt.Sprint(writer), fmt.Sprintf("%d-%d", writer, i))); err != nil {
			t.Error(err)
		}
	}
}
