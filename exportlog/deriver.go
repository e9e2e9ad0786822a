package exportlog

import (
	"context"
	"errors"
	"slices"
	"sync"

	"go.opentelemetry.io/otel/trace"
)

// deriver writes, in the background, what is derived from the rows this Log has
// appended: index entries at once, and at every 256th row the block, the tiles
// and the mark. Whoever appends that row sees to them; when it dies before, the
// next writer does.
type deriver struct {
	log *Log

	mu      sync.Mutex
	waiting []owed // own rows without index entries yet
	pending int64  // rows appended and without index entries yet
	behind  int    // commits of these
	running bool
	failed  bool          // the last pass did not get through
	wrong   []Finding     // objects that the pass met which hold other bytes than they should
	moved   chan struct{} // closed when pending has shrunk
	closing chan struct{} // closed when nothing will be appended any more
	closed  sync.Once
	work    sync.WaitGroup

	turn   gate           // one pass at a time
	marked int64          // rows up to here are derived, as far as we know
	own    map[int64]bool // rows above marked whose entries we have written
	ahead  ahead          // of our next block; guarded by mu
}

// owed are rows without index entries.
type owed struct {
	rows span
	by   trace.SpanContext // of who appended them; may be invalid
}

func (d *deriver) isClosing() bool {
	select {
	case <-d.closing:
		return true
	default:
		return false
	}
}

// wrote is told of rows that are now in the log, in one commit of ours.
func (d *deriver) wrote(rows []Row, by trace.SpanContext) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting = append(d.waiting, owed{span{rows[0].ExportRowID, rows[len(rows)-1].ExportRowID}, by})
	d.pending += int64(len(rows))
	d.behind++
	if d.running {
		return
	}
	d.running = true
	d.work.Go(func() {
		for d.more() {
			d.gather()
			d.background()
		}
	})
}

// more reports whether there is anything to do; if not, the background is over.
func (d *deriver) more() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.running = len(d.waiting) > 0 || d.ahead.awaited() && !d.isClosing()
	return d.running
}

// background makes one pass. What cannot be written now is left to a later pass,
// of this process or another: nothing depends on it.
func (d *deriver) background() {
	ctx, cancel := context.WithTimeout(context.Background(), d.log.cfg.Patience)
	defer cancel()
	rows, by := d.take() // none when only the blocks ahead were waited for
	defer d.done(rows)
	err := d.onePass(ctx, rows, by)
	d.log.suspect(d.met()...)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failed = err != nil
}

// onePass derives what waits, and then the blocks that are full.
func (d *deriver) onePass(ctx context.Context, rows []span, by []trace.Link) (err error) {
	if len(rows) > 0 { // looking for a block ahead is nothing to tell of
		watched, op := d.log.watch.Start(ctx, "derive index", trace.WithLinks(by...))
		defer func() { d.log.watch.derived(watched, op, rows, err) }()
		ctx = watched
	}
	if err := d.turn.enter(ctx); err != nil {
		return err
	}
	defer d.turn.leave()
	if err := d.entries(ctx, rows, d.log.putDerived); err != nil {
		return err
	}
	return d.blocks(ctx, false, nil)
}

// tolerate lets the pass go on when an object holds other bytes than it should: that
// is for Verify and Close to name, and is no reason for the rest to be missing. Who
// reads is not misled by it.
func (d *deriver) tolerate(err error) error {
	wrong := new(derivedError)
	if !errors.As(err, &wrong) || wrong.Missing {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.wrong) < maxSuspects {
		d.wrong = append(d.wrong, wrong.finding())
	}
	return nil
}

// met returns what was tolerated.
func (d *deriver) met() []Finding {
	d.mu.Lock()
	defer d.mu.Unlock()
	met := d.wrong
	d.wrong = nil
	return met
}

// close waits for the background, and returns what it found wrong.
func (d *deriver) close() error {
	d.closed.Do(func() { close(d.closing) })
	d.work.Wait()
	d.log.mu.Lock()
	defer d.log.mu.Unlock()
	if len(d.log.suspects) == 0 {
		return nil
	}
	return &DamagedError{Findings: slices.Clone(d.log.suspects)}
}

// seal derives everything from the last mark up to the end of the log, whoever
// appended it.
func (d *deriver) seal(ctx context.Context, tell func(rows, of int64)) error {
	if err := d.turn.enter(ctx); err != nil {
		return err
	}
	defer d.turn.leave()
	if err := d.blocks(ctx, true, tell); err != nil {
		return err
	}
	d.log.mu.Lock()
	tail := span{d.marked + 1, d.log.chain.rows}
	d.log.mu.Unlock()
	if tail.first <= tail.last {
		if err := d.entries(ctx, []span{tail}, d.log.helpDerived); err != nil {
			return err
		}
	}
	if met := d.met(); len(met) > 0 {
		d.log.suspect(met...)
		return &DamagedError{Findings: met}
	}
	return nil
}
