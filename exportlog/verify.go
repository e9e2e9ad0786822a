package exportlog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// Report is what Verify saw.
type Report struct {
	Head     Head // of the rows read; its Root is zero when the log is damaged
	Commits  int64
	Findings []Finding
}

// Anchor is a head that somebody kept, and where.
type Anchor struct {
	Head
	Source string // names the keeper in a finding, such as a manifest's key
}

// Verify reads the whole log afresh and holds it to itself: numbers without
// gaps, every line the one its successor recorded, every commit locked, nothing
// else among the commits, and nothing hidden behind them. It also holds it to what this process read before, and to every
// anchor: the log must still begin with exactly the rows that were there then.
//
// Verify reads on after damage, so the report lists all of it; the error is then
// a [DamagedError] with the same findings. Any other error means that the log
// could not be read to its end.
func (l *Log) Verify(ctx context.Context, anchors ...Anchor) (Report, error) {
	v := verification{chain: newChain(), anchors: append(slices.Clone(anchors), l.remembered()...)}
	slices.SortStableFunc(v.anchors, func(a, b Anchor) int { return cmp.Compare(a.Size, b.Size) })

	listed, err := v.list(ctx, l)
	if err != nil {
		return Report{}, fmt.Errorf("exportlog: verify: %w", err)
	}
	v.hold()
	err = walk(ctx, l.store, 1, max(listed, l.commits()), func(n int64, s stored) error {
		v.commits = n
		v.chain.fold(n, s, v.hold)
		return v.locked(ctx, l, n)
	})
	if err != nil {
		return Report{}, fmt.Errorf("exportlog: verify: %w", err)
	}
	v.truncated()
	report := Report{Head: v.chain.head(), Commits: v.commits, Findings: append(v.chain.findings, v.findings...)}
	if len(report.Findings) > 0 {
		return report, fmt.Errorf("exportlog: verify: %w", &DamagedError{Findings: report.Findings})
	}
	return report, nil
}

// remembered is the head this process read last, as an anchor.
func (l *Log) remembered() []Anchor {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.chain.damaged() {
		return nil
	}
	return []Anchor{{Head: l.chain.head(), Source: "this process, when it last read the log"}}
}

// verification is one walk over the log.
type verification struct {
	chain    chain
	commits  int64
	anchors  []Anchor // ascending by size; those already held are removed
	findings []Finding
}

// list returns the highest commit in the bucket's listing, and names what does
// not belong there.
func (v *verification) list(ctx context.Context, l *Log) (highest int64, err error) {
	for e, err := range l.store.List(ctx, commitPrefix) {
		if err != nil {
			return 0, err
		}
		n, ok := commitNumber(e.Ref.Key)
		if !ok {
			v.findings = append(v.findings, Finding{Object: e.Ref.Key, Problem: "not a commit, and does not belong among them"})
		}
		highest = max(highest, n)
	}
	return highest, v.hidden(ctx, l)
}

// hidden names versions that something lies over. Commits are only ever created,
// so somebody has put it there.
func (v *verification) hidden(ctx context.Context, l *Log) error {
	for e, err := range l.store.ListHidden(ctx, commitPrefix) {
		if err != nil {
			return err
		}
		v.findings = append(v.findings, Finding{Object: e.Ref.Key, Problem: fmt.Sprintf("version %s is hidden by a delete marker or a newer version", e.Ref.Version)})
	}
	return nil
}

// locked checks that a commit is under a lock, if commits are written under one.
func (v *verification) locked(ctx context.Context, l *Log, n int64) error {
	o, err := l.store.State(ctx, worm.Ref{Key: commitKey(n)})
	if errors.Is(err, worm.ErrNotFound) || errors.Is(err, worm.ErrCorrupt) {
		return nil // named by the chain
	}
	if err != nil {
		return err
	}
	if o.Lock.Until.IsZero() && !l.cfg.Lock(l.cfg.Clock().UTC()).Until.IsZero() {
		v.findings = append(v.findings, Finding{Object: commitKey(n), Problem: "it is under no lock, and commits are written under one"})
	}
	return nil
}

// hold compares the rows so far with the anchors that remember just as many.
func (v *verification) hold() {
	for len(v.anchors) > 0 && v.anchors[0].Size <= v.chain.rows && !v.chain.damaged() {
		a := v.anchors[0]
		v.anchors = v.anchors[1:]
		if v.chain.head() != a.Head {
			v.findings = append(v.findings, Finding{Object: a.Source, ExportRowID: a.Size,
				Problem: "remembers other rows up to here than the log has now: rows were rewritten"})
		}
	}
}

// truncated names the anchors that the log never reached.
func (v *verification) truncated() {
	for _, a := range v.anchors {
		if a.Size <= v.chain.rows {
			continue // passed after damage, which is named already
		}
		v.findings = append(v.findings, Finding{Object: a.Source, ExportRowID: v.chain.rows + 1,
			Problem: fmt.Sprintf("remembers %d rows, the log has %d: rows %d to %d were cut off", a.Size, v.chain.rows, v.chain.rows+1, a.Size)})
	}
}
