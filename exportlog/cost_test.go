package exportlog_test

import (
	"errors"
	"fmt"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
)

const roundTrip = 20 * time.Millisecond

// grow appends exports until the log has so many rows, a thousand to a commit and
// then one by one up to the last, and derives everything.
func grow(t testing.TB, d worm.Driver, rows int) {
	t.Helper()
	l := open(t, d)
	for n := 0; n < rows; {
		group := min(1000, rows-n)
		if rows-n <= 20 {
			group = 1
		} else if rows-n <= 1020 {
			group = rows - n - 20
		}
		batch := make([]exportlog.Row, group)
		for i := range batch {
			batch[i] = numbered(n + i + 1)
		}
		if _, err := l.Append(t.Context(), batch...); err != nil {
			t.Fatal(err)
		}
		n += group
	}
	if err := errors.Join(l.Seal(t.Context()), l.Close()); err != nil { // nothing is written behind the caller's back
		t.Fatal(err)
	}
}

func numbered(n int) exportlog.Row { return export(fmt.Sprintf("pp-%d", n), fmt.Sprintf("k-%d", n)) }

// cost measures what something takes, in round trips one after the other and in
// requests altogether.
func cost(m *wormtest.Metered, do func()) (roundTrips float64, requests wormtest.Requests) {
	before, started := m.Requests(), time.Now()
	do()
	return float64(time.Since(started)) / float64(roundTrip), m.Requests().Sub(before)
}

// What it takes to open a log, to append to it and to find in it does not grow
// with the log. HOLDFAST_TEST_BIG=1 asks at a million rows, too, which takes minutes and
// gigabytes of memory.
func TestCostIsFlat(t *testing.T) {
	sizes := []int{10, 1_000, 10_000}
	switch {
	case testing.Short():
		sizes = sizes[:2]
	case os.Getenv("HOLDFAST_TEST_BIG") == "1":
		sizes = append(sizes, 1_000_000)
	}
	for _, rows := range sizes {
		t.Run(fmt.Sprintf("%d rows", rows), func(t *testing.T) {
			b := memworm.New()
			grow(t, b, rows)
			synctest.Test(t, func(t *testing.T) { costAt(t, b, rows) })
		})
	}
}

// The most that can lie behind a mark when all is well: a block less a row, each
// row in a commit of its own.
func TestCostWithALongTail(t *testing.T) {
	b := memworm.New()
	grow(t, b, 1024)
	l := open(t, b)
	for n := 1025; n < 1280; n++ {
		mustAppend(t, l, numbered(n))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) { costAt(t, b, 1279) })
}

func costAt(t *testing.T, b *memworm.Bucket, rows int) {
	m := &wormtest.Metered{Driver: b, Latency: roundTrip}
	store, err := worm.New(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	l := exportlog.Open(store, exportlog.Config{})
	defer l.Close()
	check := func(what string, most float64, do func() error) {
		t.Helper()
		trips, requests := cost(m, func() {
			if err := do(); err != nil {
				t.Errorf("%s: %v", what, err)
			}
		})
		t.Logf("%s: %.1f round trips, %s", what, trips, requests)
		if trips > most {
			t.Errorf("%s takes %.1f round trips, the limit is %.0f", what, trips, most)
		}
	}
	find := func(q exportlog.Query, want int) func() error {
		return func() error {
			found, err := l.Find(t.Context(), q)
			if err == nil && len(found) != want {
				err = fmt.Errorf("%d rows, want %d", len(found), want)
			}
			return err
		}
	}
	check("cold open", 6, func() error { _, err := l.Head(t.Context()); return err })
	check("find the first row by number", 1, find(exportlog.Query{ExportRowID: 1}, 1))
	check("find the middle row by packet", 3, find(exportlog.Query{PromotionPacketID: fmt.Sprintf("pp-%d", rows/2)}, 1))
	check("find the last row by packet", 3, find(exportlog.Query{PromotionPacketID: fmt.Sprintf("pp-%d", rows)}, 1))
	check("find nothing", 3, find(exportlog.Query{IncidentTicketID: "INC-none"}, 0))
	check("append the first row", 2, func() error { _, err := l.Append(t.Context(), numbered(rows+1)); return err })
	check("append another", 2, func() error { _, err := l.Append(t.Context(), numbered(rows+2)); return err })
	check("append what is there", 4, func() error {
		got, err := l.Append(t.Context(), numbered(1))
		if err == nil && !got[0].Existing {
			err = fmt.Errorf("row 1 was appended again")
		}
		return err
	})
}
