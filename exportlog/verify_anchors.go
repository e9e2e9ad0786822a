package exportlog

import (
	"context"
	"errors"
	"fmt"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// Anchor is a head that somebody kept, and where.
type Anchor struct {
	Head          // LastRow may be zero, when only size and root were kept
	Source string // names the keeper in a finding, such as a manifest's key
}

// known is the head this process read last, as an anchor.
func (l *Log) known() []Anchor {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.chain.damaged() || l.chain.rows == 0 || l.chain.cut {
		return nil
	}
	return []Anchor{{Head: l.chain.head(), Source: "this process, when it last read the log"}}
}

// checkpoints checks the signature of every checkpoint, and has the log held to
// what they were signed over.
func (v *verification) checkpoints(ctx context.Context) error {
	if v.log.cfg.Checkpoints == nil {
		return nil
	}
	for e, err := range v.log.store.List(ctx, checkpointPrefix) {
		if err != nil {
			return err
		}
		c, err := v.log.readCheckpoint(ctx, e.Ref.Key)
		switch {
		case errors.Is(err, ErrNoProof), errors.Is(err, worm.ErrCorrupt):
			v.find(BadCheckpoint, e.Ref.Key, 0, "%v", err)
		case err != nil:
			return err
		default:
			v.report.Checkpoints++
			v.anchors = append(v.anchors, Anchor{Head: Head{Size: c.Size, Root: c.Root}, Source: e.Ref.Key})
		}
	}
	return nil
}

// hold compares the rows so far with the anchors that remember just as many.
func (v *verification) hold() {
	for len(v.anchors) > 0 && v.anchors[0].Size <= v.chain.rows && !v.chain.damaged() {
		a := v.anchors[0]
		v.anchors = v.anchors[1:]
		have := v.chain.head()
		if a.LastRow.IsZero() {
			have.LastRow = worm.Digest{}
		}
		if have != a.Head {
			v.find(Forked, a.Source, v.held+1, "remembers other rows than the log has now: the first that was rewritten is in %s", rowRange(v.held+1, a.Size))
			continue
		}
		v.held = a.Size
	}
}

// truncated names the anchors that the log never reached.
func (v *verification) truncated() {
	for _, a := range v.anchors {
		if a.Size <= v.chain.rows {
			continue // passed after damage, which is named already
		}
		v.find(Truncated, a.Source, v.chain.rows+1,
			"remembers %s, the log has %d: its end was cut off, with %s", manyRows(a.Size), v.chain.rows, rowRange(v.chain.rows+1, a.Size))
	}
}

// manyRows counts rows: 1 row, 2 rows.
func manyRows(n int64) string {
	if n == 1 {
		return "1 row"
	}
	return fmt.Sprintf("%d rows", n)
}

// rowRange names rows: row 3, rows 3 to 5.
func rowRange(first, last int64) string {
	if first == last {
		return fmt.Sprintf("row %d", first)
	}
	return fmt.Sprintf("rows %d to %d", first, last)
}
