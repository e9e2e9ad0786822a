package exportlog

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// Scope says what Verify looks at. Its zero value is the whole log.
type Scope struct {
	// From and To are the first and the last row; 0 is the log's own. When either
	// is set, what lies elsewhere in the bucket is not looked at.
	From, To int64

	// Anchors are heads that somebody kept.
	Anchors []Anchor

	// Progress is told now and then how many commits were checked, of how many
	// there were when Verify began. Nil tells nobody.
	Progress func(commits, of int64)
}

// Report is what Verify saw.
type Report struct {
	Head        Head  // of the rows read; its Root is zero when the log is damaged
	Rows        int64 // checked
	Commits     int64 // checked
	Derived     int64 // objects compared with what the rows come to
	Checkpoints int64 // whose signature and root were checked
	Later       int64 // rows of a later schema_version: intact, and perhaps with fields that this version does not know
	Findings    []Finding
}

// Verify reads the log afresh, from the commits alone, and holds it to itself:
// numbers without gaps, every line the one its successor recorded, every root the
// tree's, every commit locked, nothing else among the commits, no version hidden
// behind another, and no correction of where evidence lies that a legal hold, among
// the rows read, forbids. Where a commit is hidden, the version that was stored
// first is read, so that a log that was painted over is still checked.
//
// Then it holds everything else to the log: every block, tile, index entry and
// mark is what the rows come to; every checkpoint is signed by the log's key, if
// Config.Checkpoints has one, and is of this log, as is every anchor and what this
// process read before.
//
// Verify reads on after damage, so the report lists all of it; the error is then
// a [DamagedError] with the same findings. Any other error means that the log
// could not be read to its end.
func (l *Log) Verify(ctx context.Context, scope Scope) (Report, error) {
	report, err := l.verify(ctx, scope)
	if err == nil && len(report.Findings) > 0 {
		err = &DamagedError{Findings: report.Findings}
	}
	if err != nil {
		return report, fmt.Errorf("exportlog: verify: %w", err)
	}
	return report, nil
}

func (l *Log) verify(ctx context.Context, scope Scope) (Report, error) {
	v := &verification{log: l, scope: scope, chain: newChain(), keeping: newKeeping(), anchors: append(slices.Clone(scope.Anchors), l.known()...), originals: map[int64]worm.Ref{}}
	if scope.Progress == nil {
		v.scope.Progress = func(int64, int64) {}
	}
	whole := scope.From <= 1 && scope.To == 0
	var err error
	if whole {
		err = v.whole(ctx)
	} else {
		err = v.part(ctx)
	}
	v.report.Head, v.report.Findings = v.chain.head(), append(v.chain.findings, v.findings...)
	return v.report, err
}

// verification is one walk over the log.
type verification struct {
	log       *Log
	scope     Scope
	report    Report
	chain     chain
	keeping   keeping
	anchors   []Anchor           // ascending by size; those already held are removed
	held      int64              // rows that an anchor bears out
	originals map[int64]worm.Ref // of commits that something lies over
	highest   int64              // commit listed
	at        int64              // the commit being walked over
	derived   derivedCheck
	findings  []Finding
}

func (v *verification) find(kind FindingKind, object string, row int64, format string, args ...any) {
	v.findings = append(v.findings, Finding{Kind: kind, Object: object, ExportRowID: row, Problem: fmt.Sprintf(format, args...)})
}

func (v *verification) whole(ctx context.Context) error {
	for _, step := range []func(context.Context) error{v.hidden, v.list, v.checkpoints, v.derived.start(v)} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if err := v.commits(ctx, 1, max(v.highest, v.log.commits())); err != nil {
		return err
	}
	v.truncated()
	return v.derived.strays(ctx)
}

// errEnough ends the walk over a part of the log.
var errEnough = errors.New("the last row asked for was checked")

// part verifies some rows, starting from the tree before them.
func (v *verification) part(ctx context.Context) error {
	if err := v.log.catchUp(ctx); err != nil {
		return err
	}
	view, err := v.log.view(ctx)
	if err != nil {
		return err
	}
	first, last := max(v.scope.From, 1), view.head.Size
	if v.scope.To > 0 {
		last = min(last, v.scope.To)
	}
	if first > last {
		return fmt.Errorf("the log has %d rows, there is nothing between %d and %d", view.head.Size, v.scope.From, v.scope.To)
	}
	row, err := v.log.commitAt(ctx, first)
	if err != nil {
		return err
	}
	t, err := treeAt(row.first-1, view)
	if errors.Is(err, errDerived) {
		v.find(DerivedDiffers, err.Error(), 0, "the tree before row %d cannot be had from the tiles: verify the whole log", row.first)
		return nil
	}
	if err != nil {
		return err
	}
	v.chain, v.scope.To, v.held = chainAt(t), last, row.first-1
	v.anchors = slices.DeleteFunc(v.anchors, func(a Anchor) bool { return a.Size < row.first || a.Size > last })
	v.derived.v, v.derived.floor = v, row.first-1
	v.derived.big = sha256.New()
	err = v.commits(ctx, row.commit, 0)
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

const openingReads = 16

// commits walks over the commits.
func (v *verification) commits(ctx context.Context, from, known int64) error {
	slices.SortStableFunc(v.anchors, func(a, b Anchor) int { return cmp.Compare(a.Size, b.Size) })
	v.hold()
	return walk(ctx, v.read, from, known, openingReads, func(n int64, s stored) error {
		v.at = n
		v.report.Commits++
		before := v.chain.rows
		rows := v.chain.fold(n, s, v.hold)
		v.report.Rows += int64(len(rows))
		for _, r := range rows {
			if r.SchemaVersion > SchemaVersion {
				v.report.Later++
			}
			if _, heldBy := v.keeping.add(r); heldBy != 0 {
				v.find(Void, commitKey(n), r.ExportRowID, "it corrects archive_uri or content_integrity_reference under the legal hold of row %d: it is not applied", heldBy)
			}
		}
		if s.unlocked && !v.log.cfg.Lock(v.log.cfg.Clock().UTC()).Until.IsZero() {
			v.find(Unlocked, commitKey(n), 0, "it is under no lock, and commits are written under one")
		}
		if err := v.derived.rows(ctx, before, rows); err != nil {
			return err
		}
		v.scope.Progress(v.report.Commits, max(v.highest, n))
		if v.scope.To > 0 && v.chain.rows >= v.scope.To {
			return errEnough
		}
		return nil
	})
}

// read reads a commit and its lock: the version that was stored first, if
// something lies over it.
func (v *verification) read(ctx context.Context, n int64) (stored, error) {
	ref, ok := v.originals[n]
	if !ok {
		ref = worm.Ref{Key: commitKey(n)}
	}
	s, err := readVersion(ctx, v.log.store, ref)
	if err != nil || s.absent {
		return s, err
	}
	o, err := v.log.store.State(ctx, ref)
	if errors.Is(err, worm.ErrNotFound) || errors.Is(err, worm.ErrCorrupt) {
		return s, nil // the chain will tell
	}
	s.unlocked = o.Lock.Until.IsZero()
	return s, err
}
