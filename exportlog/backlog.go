package exportlog

import (
	"context"
	"slices"
	"time"

	"go.opentelemetry.io/otel/trace"
)

// maxPending bounds the rows that wait for their index entries: appends wait
// beyond it, unless the store refuses derived objects altogether.
const maxPending = 65_536

// gathering is how long rows wait, at the most, for others to be derived with, where
// that is less work.
const gathering = 200 * time.Millisecond

// gather waits for rows to derive together, unless there are enough, or for a block
// ahead of ours, if that is all there is to do.
func (d *deriver) gather() {
	d.mu.Lock()
	enough, idle := d.pending >= rowsAtOnce, len(d.waiting) == 0
	d.mu.Unlock()
	pause := gathering
	switch {
	case idle:
		pause = aheadPause
	case enough || !d.log.store.Bulk():
		return
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-d.closing:
	}
}

// rowsAtOnce is about how many rows get their entries in one pass.
const rowsAtOnce = 4096

// take removes what waits, and says whose it was.
func (d *deriver) take() (rows []span, by []trace.Link) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n, taken := 0, int64(0)                                      // in a pass, so that marks keep up with entries
	for n < len(d.waiting) && (taken < rowsAtOnce || d.failed) { // after a failure one more try is enough for all
		o := d.waiting[n]
		rows, by = append(rows, o.rows), appendLink(by, o.by)
		taken += o.rows.last - o.rows.first + 1
		n++
	}
	d.waiting = slices.Delete(d.waiting, 0, n)
	return rows, by
}

// comesTo reports whether a row waits for a later pass, or comes after one that does.
func (d *deriver) comesTo(row int64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.waiting) > 0 && d.waiting[0].rows.first <= row
}

// owing returns how many rows wait.
func (d *deriver) owing() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return int(d.pending)
}

// done takes rows off what is pending, whether they are derived now or were given
// up.
func (d *deriver) done(rows []span) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range rows {
		d.pending -= s.last - s.first + 1
		d.behind--
	}
	if d.moved != nil {
		close(d.moved)
		d.moved = nil
	}
}

// keepUp waits while too much is waiting.
func (d *deriver) keepUp(ctx context.Context) error {
	for {
		d.mu.Lock()
		if d.pending <= maxPending || d.failed {
			d.mu.Unlock()
			return ctx.Err()
		}
		if d.moved == nil {
			d.moved = make(chan struct{})
		}
		moved := d.moved
		d.mu.Unlock()
		select {
		case <-moved:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
