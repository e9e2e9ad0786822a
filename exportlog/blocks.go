package exportlog

import (
	"context"
	"errors"
)

// entries writes the index entries of some rows.
func (d *deriver) entries(ctx context.Context, spans []span, put putter) error {
	var g gathered
	var rows []Row
	for i, s := range spans {
		more, err := d.log.rowsIn(ctx, s)
		if err != nil {
			return err
		}
		rows = append(rows, more...)
		for _, r := range more {
			g.add(indexEntries(r)...)
		}
		if i < len(spans)-1 && !d.log.enough(g) {
			continue
		}
		if err := d.log.putAll(ctx, d.pace(), g.objects, put, d.tolerate); err != nil {
			return err
		}
		for _, r := range rows {
			d.note(r.ExportRowID)
		}
		g, rows = gathered{}, nil
	}
	return nil
}

func (d *deriver) note(row int64) {
	if d.own == nil {
		d.own = map[int64]bool{}
	}
	if row > d.marked {
		d.own[row] = true
	}
}

// pace is how many objects are written at once. While somebody waits for a commit
// they are few, for on a disk they are in its way, as long as a reader catches up with
// what lacks its entries in one window.
func (d *deriver) pace() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.pending < maxPending/2 && d.log.queue.busy() {
		return min(2+max(d.behind-maxWindow, 0)/16, parallelReads)
	}
	return parallelReads
}

// patientBlocks is how many blocks may lack a mark before a writer other than
// their own does the work.
const patientBlocks = 32

// blocksAtOnce is how many blocks are derived together, where that is less work.
const blocksAtOnce = 32

// blocks derives what the log has grown by since the last mark: blocks that this
// Log's commits completed, or all of them.
func (d *deriver) blocks(ctx context.Context, all bool, tell func(rows, of int64)) error {
	for {
		due, err := d.due(ctx, all)
		if err != nil || len(due) == 0 {
			return err
		}
		if err := d.derive(ctx, due); err != nil {
			return err
		}
		d.pass(due[len(due)-1])
		if tell != nil {
			d.log.mu.Lock()
			rows := d.log.chain.rows
			d.log.mu.Unlock()
			tell(d.marked, rows)
		}
	}
}

// due returns the marks of the blocks that are to be derived next; none when there is
// nothing to do. It passes over those that somebody else has derived.
func (d *deriver) due(ctx context.Context, all bool) (due []mark, err error) {
	d.log.mu.Lock()
	head, base := d.log.chain.rows, d.log.floor.start().Rows
	d.log.mu.Unlock()
	d.marked = max(d.marked, base)
	var awaited int64
	defer func() { d.await(awaited) }()
	for end := d.marked + tileWidth; end <= head; end += tileWidth {
		if !all && d.comesTo(end) {
			return due, nil
		}
		m, err := d.log.markAt(end)
		if err != nil {
			return nil, err
		}
		if !d.own[end] || all {
			had, err := readMark(ctx, d.log.store, end/tileWidth)
			switch {
			case err == nil && len(due) > 0:
				return due, nil // and be back
			case err == nil && had != m:
				d.tolerate(&derivedError{Object: m.key(), Problem: "it is not what the log comes to at this row"})
				d.pass(m)
				continue
			case err == nil:
				d.pass(m)
				continue
			case !errors.Is(err, errDerived):
				return nil, err
			case !all && head-end+tileWidth < patientBlocks*tileWidth && !d.takesOver(end):
				if d.ownsBeyond(end, head) {
					awaited = end
				}
				return due, nil // its writer is about to
			}
		}
		if due = append(due, m); !d.log.store.Bulk() || len(due) == blocksAtOnce {
			break
		}
	}
	return due, nil
}

// pass goes on behind a mark.
func (d *deriver) pass(m mark) {
	for row := d.marked + 1; row <= m.Rows; row++ {
		delete(d.own, row)
	}
	d.marked = m.Rows
	d.log.raise(m)
}

// derive derives the blocks that end with some marks; the marks come last, for they say
// that the rest is there.
func (d *deriver) derive(ctx context.Context, marks []mark) error {
	var g gathered
	for i, m := range marks {
		objects, err := d.block(ctx, m)
		if err != nil {
			return err
		}
		g.add(objects...)
		if i < len(marks)-1 && !d.log.enough(g) {
			continue
		}
		if err := d.log.putAll(ctx, d.pace(), g.objects, d.log.helpDerived, d.tolerate); err != nil {
			return err
		}
		g = gathered{}
	}
	for _, m := range marks {
		if m.Rows%bigBlock == 0 {
			if err := d.tolerate(d.log.putBig(ctx, m.Rows/bigBlock-1)); err != nil {
				return err
			}
		}
		g.add(object{m.key(), m.encode()})
	}
	return d.log.putAll(ctx, 1, g.objects, d.log.putDerived, d.tolerate)
}

// block returns what is derived from the 256 rows that end with a mark, but for the
// entries that we have written.
func (d *deriver) block(ctx context.Context, m mark) ([]object, error) {
	rows, err := d.log.rowsIn(ctx, span{m.Rows - tileWidth + 1, m.Rows})
	if err != nil {
		return nil, err
	}
	d.log.mu.Lock()
	objects, err := blockObjects(m.Rows/tileWidth-1, rows, &d.log.chain.tree)
	d.log.mu.Unlock()
	for _, r := range rows {
		if !d.own[r.ExportRowID] {
			objects = append(objects, indexEntries(r)...)
		}
	}
	return objects, err
}

// markAt returns what the mark at a row must be.
func (l *Log) markAt(row int64) (mark, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.damage(); err != nil {
		return mark{}, err
	}
	root, err := l.chain.tree.rootAt(row)
	n := l.index.commitOf(row)
	first, _ := l.index.rowsOf(n, l.chain.rows)
	return mark{Rows: row, RootSHA256: root, Commit: n, CommitFirstRow: first}, err
}
