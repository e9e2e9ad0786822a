package exportlog_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
)

// load is what callers experienced who each appended row after row.
type load struct {
	rows     int
	perTrip  float64 // rows in a round trip
	p99      time.Duration
	fairness float64 // Jain's index over the callers' rows: 1 is perfectly fair
}

// drive has callers append for some round trips, each to its own or to a shared
// log, and counts.
func drive(t testing.TB, logs []*exportlog.Log, callers, trips int) load {
	end := time.Now().Add(time.Duration(trips) * roundTrip)
	counts := make([]int, callers)
	latencies := make([][]time.Duration, callers)
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for i := 0; time.Now().Before(end); i++ {
				started := time.Now()
				key := fmt.Sprintf("%d-%d", c, i)
				if _, err := logs[c%len(logs)].Append(t.Context(), export(key, key)); err != nil {
					t.Error(err)
					return
				}
				counts[c]++
				latencies[c] = append(latencies[c], time.Since(started))
			}
		})
	}
	wg.Wait()
	all := slices.Concat(latencies...)
	slices.Sort(all)
	var sum, squares float64
	for _, n := range counts {
		sum += float64(n)
		squares += float64(n) * float64(n)
	}
	return load{len(all), float64(len(all)) / float64(trips), all[len(all)*99/100], sum * sum / (float64(callers) * squares)}
}

func (l load) String() string {
	perSecond := l.perTrip * float64(time.Second/roundTrip)
	return fmt.Sprintf("%d rows, %.1f a round trip (%.0f rows/s at %s), p99 %s, fairness %.3f", l.rows, l.perTrip, perSecond, roundTrip, l.p99, l.fairness)
}

// metered opens logs of one bucket, each as another process would, through a
// network that takes a round trip for each request.
func metered(t testing.TB, b *memworm.Bucket, count int) ([]*exportlog.Log, []*wormtest.Metered) {
	var logs []*exportlog.Log
	var meters []*wormtest.Metered
	for range count {
		m := &wormtest.Metered{Driver: b, Latency: roundTrip}
		store, err := worm.New(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		l := exportlog.Open(store, exportlog.Config{})
		logs, meters = append(logs, l), append(meters, m)
	}
	return logs, meters
}

// One process commits once a round trip, with everybody's rows.
func TestOneProcessCommitsEachRoundTrip(t *testing.T) {
	const callers, trips = 64, 100
	synctest.Test(t, func(t *testing.T) {
		logs, _ := metered(t, memworm.New(), 1)
		got := drive(t, logs, callers, trips)
		t.Log(got)
		if err := logs[0].Close(); err != nil {
			t.Error(err)
		}
		report, err := logs[0].Verify(t.Context(), exportlog.Scope{})
		if err != nil {
			t.Error(err)
		}
		if rate := float64(report.Commits) / trips; rate < 0.9 {
			t.Errorf("%.2f commits a round trip, want at least 0.9", rate)
		}
	})
}

// Callers who came while others were being served do not take turns with them from then
// on, each waiting for every second commit: soon all go into each.
func TestCrowdsDoNotTakeTurns(t *testing.T) {
	const early, late, trips = 31, 29, 100
	const pause = time.Millisecond // between an answer and the next call
	synctest.Test(t, func(t *testing.T) {
		logs, _ := metered(t, memworm.New(), 1)
		if _, err := logs[0].Head(t.Context()); err != nil {
			t.Fatal(err)
		}
		end := time.Now().Add(trips * roundTrip)
		var rows atomic.Int64
		var wg sync.WaitGroup
		for c := range early + late {
			wg.Go(func() {
				if c >= early { // the first goes alone, and then thirty take turns with thirty
					time.Sleep(roundTrip * 3 / 2)
				}
				for i := 0; time.Now().Before(end); i++ {
					key := fmt.Sprintf("%d-%d", c, i)
					if _, err := logs[0].Append(t.Context(), export(key, key)); err != nil {
						t.Error(err)
					}
					rows.Add(1)
					time.Sleep(pause)
				}
			})
		}
		wg.Wait()
		if perTrip := float64(rows.Load()) / trips; perTrip < 0.8*(early+late) {
			t.Errorf("%.1f rows a round trip by %d callers", perTrip, early+late)
		}
		if err := logs[0].Close(); err != nil {
			t.Error(err)
		}
	})
}

// Independent writers share commits, so that all get on, and fairly.
func TestIndependentWritersShare(t *testing.T) {
	writers, trips := 64, 200
	if testing.Short() {
		writers = 16 // and as many trips: over fewer, chance alone looks unfair
	}
	synctest.Test(t, func(t *testing.T) {
		b := memworm.New()
		logs, meters := metered(t, b, writers)
		got := drive(t, logs, writers, trips)
		var requests wormtest.Requests
		for i, l := range logs {
			if err := l.Close(); err != nil {
				t.Error(err)
			}
			r := meters[i].Requests()
			requests = wormtest.Requests{Put: requests.Put + r.Put, Get: requests.Get + r.Get, Head: requests.Head + r.Head, List: requests.List + r.List}
		}
		t.Logf("%s; %.1f requests a row, altogether %s", got, float64(requests.Sum())/float64(got.rows), requests)
		if got.fairness < 0.9 {
			t.Errorf("fairness is %.3f, want at least 0.9", got.fairness)
		}
		if got.perTrip < float64(writers)/10 {
			t.Errorf("%.1f rows a round trip by %d writers", got.perTrip, writers)
		}
		rows := allRows(t, open(t, b))
		wholeAndGapless(t, rows)
		if len(rows) != got.rows {
			t.Errorf("%d rows are in the log, %d were acknowledged", len(rows), got.rows)
		}
	})
}
