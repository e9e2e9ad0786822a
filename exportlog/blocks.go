package exportlog

import (
	"context"
	"errors"
)

// entries writes the index entries of some rows.
func (d *deriver) entries(ctx context.Context, spans []span, put func(context.Context, object) error) error {
	for _, s := range spans {
		rows, err := d.log.rowsIn(ctx, s)
		if err != nil {
			return err
		}
		var objects []object
		for _, r := range rows {
			objects = append(objects, indexEntries(r)...)
		}
		if err := putAll(ctx, d.pace(), objects, d.tolerant(put)); err != nil {
			return err
		}
		for _, r := range rows {
			d.note(r.ExportRowID)
		}
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

// pace is how many objects are written at once: while somebody waits for a commit,
// fewer the less there is for a reader to catch up with.
func (d *deriver) pace() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.pending < maxPending/2 && d.log.queue.busy() {
		return min(2+d.behind/8, parallelReads)
	}
	return parallelReads
}

func putAll(ctx context.Context, atMost int, objects []object, put func(context.Context, object) error) error {
	_, err := atOnce(ctx, atMost, objects, func(ctx context.Context, o object) (struct{}, error) { return struct{}{}, put(ctx, o) })
	return err
}

// patientBlocks is how many blocks may lack a mark before a writer other than
// their own does the work.
const patientBlocks = 32

// blocks derives what the log has grown by since the last mark: blocks that this
// Log's commits completed, or all of them.
func (d *deriver) blocks(ctx context.Context, all bool) error {
	for {
		d.log.mu.Lock()
		head, base := d.log.chain.rows, d.log.base.Rows
		d.log.mu.Unlock()
		d.marked = max(d.marked, base)
		end := d.marked + tileWidth
		if end > head {
			return nil
		}
		m, err := d.log.markAt(end)
		if err != nil {
			return err
		}
		if !d.own[end] || all {
			had, err := readMark(ctx, d.log.store, end/tileWidth)
			switch {
			case err == nil && had != m:
				d.tolerate(&derivedError{Object: m.key(), Problem: "it is not what the log comes to at this row"})
				d.pass256(m)
				continue
			case err == nil:
				d.pass256(m)
				continue
			case !errors.Is(err, errDerived):
				return err
			case !all && head-d.marked < patientBlocks*tileWidth:
				return nil // its writer is about to
			}
		}
		if err := d.block(ctx, m); err != nil {
			return err
		}
		d.pass256(m)
	}
}

// pass256 goes on to the next block.
func (d *deriver) pass256(m mark) {
	d.marked = m.Rows
	for row := m.Rows - tileWidth + 1; row <= m.Rows; row++ {
		delete(d.own, row)
	}
	d.log.raise(m)
}

// block derives 256 rows; the mark comes last, for it says that the rest is there.
func (d *deriver) block(ctx context.Context, m mark) error {
	n := m.Rows/tileWidth - 1
	rows, err := d.log.rowsIn(ctx, span{m.Rows - tileWidth + 1, m.Rows})
	if err != nil {
		return err
	}
	d.log.mu.Lock()
	objects, err := blockObjects(n, rows, &d.log.chain.tree)
	d.log.mu.Unlock()
	if err != nil {
		return err
	}
	for _, r := range rows {
		if !d.own[r.ExportRowID] {
			objects = append(objects, indexEntries(r)...)
		}
	}
	if err := putAll(ctx, d.pace(), objects, d.tolerant(d.log.helpDerived)); err != nil {
		return err
	}
	if m.Rows%bigBlock == 0 {
		if err := d.tolerate(d.log.putBig(ctx, m.Rows/bigBlock-1)); err != nil {
			return err
		}
	}
	return d.tolerate(d.log.putDerived(ctx, object{m.key(), m.encode()}))
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
