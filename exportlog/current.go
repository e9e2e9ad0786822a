package exportlog

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/holdfast-archive/holdfast/retention"
)

// Current is an export as it stands today: its row with all later rows applied.
type Current struct {
	Row            // of the export, corrected, and with its retention as last extended
	Exported Row   // as it stands in the log
	Before   Row   // the row before it, where that was read on the way
	Links    []Row // bound to it, oldest first, each corrected
	Promise        // what it is kept under
	Changes  []Row // that were applied: corrections, holds, releases and extensions, oldest first

	// NotUnderstood are rows about the export that this version cannot apply, because
	// their kind or their schema_version is of a later one. What stands here may be out
	// of date by them.
	NotUnderstood []Row
}

// CorrectedBy returns the row that corrected the export last; 0 for none.
func (c Current) CorrectedBy() int64 {
	for _, r := range slices.Backward(c.Changes) {
		if r.Kind == KindCorrection && r.CorrectionOfExportRowID != 0 {
			return r.ExportRowID
		}
	}
	return 0
}

// Current yields every export as it stands, oldest first. It reads the log
// twice and holds the rows in memory that are not exports: links, corrections,
// holds, releases and extensions. Damage is yielded as by [Log.Rows].
func (l *Log) Current(ctx context.Context) iter.Seq2[Current, error] {
	return l.CurrentBetween(ctx, 1, maxNumber)
}

// CurrentBetween is [Log.Current] for the exports from one row to another. The rows
// before them are not read, those after them once, for what they say of them.
func (l *Log) CurrentBetween(ctx context.Context, from, to int64) iter.Seq2[Current, error] {
	return l.currentBetween(ctx, from, to, maxNumber)
}

// currentBetween leaves out what rows after a last one say.
func (l *Log) currentBetween(ctx context.Context, from, to, last int64) iter.Seq2[Current, error] {
	return func(yield func(Current, error) bool) {
		f := newFold()
		for r, err := range l.Rows(ctx, from) {
			if err != nil && !errors.Is(err, ErrDamaged) {
				yield(Current{}, err)
				return
			}
			if r.ExportRowID > last {
				break
			}
			if err == nil { // damage is yielded with the exports
				f.add(r)
			}
		}
		var before Row
		for r, err := range l.Rows(ctx, from) {
			if err != nil {
				if !yield(Current{}, err) {
					return
				}
				continue
			}
			if r.ExportRowID > min(to, f.last) {
				return // appended since the first reading, or not asked for
			}
			if r.Kind == KindExport {
				c := f.current(r)
				c.Before = before
				if !yield(c, nil) {
					return
				}
			}
			before = r
		}
	}
}

// CurrentOf returns one export as it stands. A row that is not an export, or
// that the log does not have, is an error.
func (l *Log) CurrentOf(ctx context.Context, exportRowID int64) (Current, error) {
	rows, err := l.Find(ctx, Query{ExportRowID: exportRowID})
	if err != nil {
		return Current{}, err
	}
	if len(rows) != 1 {
		return Current{}, fmt.Errorf("exportlog: current: the log has no row %d", exportRowID)
	}
	return l.CurrentOfRow(ctx, rows[0])
}

// CurrentOfRow returns an export as it stands, from its row: [Log.CurrentOf] for those who
// have found the row already. A row of another kind is an error.
func (l *Log) CurrentOfRow(ctx context.Context, export Row) (Current, error) {
	if export.Kind != KindExport {
		return Current{}, fmt.Errorf("exportlog: current: row %d is not an export", export.ExportRowID)
	}
	return l.foldUpTo(ctx, export, maxNumber)
}

func (l *Log) foldUpTo(ctx context.Context, export Row, last int64) (Current, error) {
	about, err := l.about(ctx, export)
	if err != nil {
		return Current{}, err
	}
	rows := []Row{export} // the hold that its class brought counts as any other
	for _, r := range about {
		if r.ExportRowID <= last {
			rows = append(rows, r)
		}
	}
	return Fold(rows)[0], nil
}

// about returns the rows that are about an export, or about those, in order.
func (l *Log) about(ctx context.Context, export Row) ([]Row, error) {
	var all []Row
	for wanted := []int64{export.ExportRowID}; len(wanted) > 0; {
		var next []int64
		for _, row := range wanted {
			subjects, err := l.Find(ctx, Query{SubjectExportRowID: row})
			if err != nil {
				return nil, err
			}
			corrections, err := l.Find(ctx, Query{CorrectionOfExportRowID: row})
			if err != nil {
				return nil, err
			}
			for _, r := range merge(subjects, corrections) {
				all, next = append(all, r), append(next, r.ExportRowID)
			}
		}
		wanted = next
	}
	return merge(all), nil
}

// fold collects what later rows say of earlier ones.
type fold struct {
	keeping
	last        int64           // row added
	about       map[int64][]Row // links, holds, releases and extensions, by subject
	corrections map[int64][]Row // by the row that stands at the start of the chain
}

func newFold() *fold {
	return &fold{keeping: newKeeping(), about: map[int64][]Row{}, corrections: map[int64][]Row{}}
}

// add takes the next row.
func (f *fold) add(r Row) {
	f.last = max(f.last, r.ExportRowID)
	start, heldBy := f.keeping.add(r)
	switch {
	case heldBy != 0:
		// It is void. No writer of ours appends such a row, and Verify names it.
	case r.Kind == KindCorrection:
		f.corrections[start] = append(f.corrections[start], r)
	case r.Kind != KindExport && r.SubjectExportRowID != 0:
		f.about[r.SubjectExportRowID] = append(f.about[r.SubjectExportRowID], r)
	}
}

// corrected applies a row's corrections, in order.
func (f *fold) corrected(r Row) (Row, []Row) {
	of := r
	var applied []Row
	for _, c := range f.corrections[r.ExportRowID] {
		if c.foreignTo(of) != "" {
			continue // no writer of ours appends such a row
		}
		r = r.correctedBy(c)
		applied = append(applied, c)
	}
	return r, applied
}

// current applies to an export all that later rows say of it.
func (f *fold) current(export Row) Current {
	c := Current{Exported: export}
	c.Row, c.Changes = f.corrected(export)
	c.Promise = PromiseOf(export, f.about[export.ExportRowID])
	for _, r := range f.about[export.ExportRowID] {
		r, _ := f.corrected(r)
		switch r.Kind {
		case KindLink:
			c.Links = append(c.Links, r)
			continue
		case KindHold, KindRelease:
		case KindExtend:
			if r.RetainUntilUTC.After(c.RetainUntilUTC) {
				c.RetainUntilUTC = r.RetainUntilUTC
			}
			if slices.Index(retention.Modes(), r.RetentionMode) > slices.Index(retention.Modes(), c.RetentionMode) {
				c.RetentionMode = r.RetentionMode
			}
			if r.RetentionClass != "" {
				c.RetentionClass = r.RetentionClass
			}
		case KindDrill:
			continue
		default:
			c.NotUnderstood = append(c.NotUnderstood, r)
			continue
		}
		if r.SchemaVersion > SchemaVersion {
			c.NotUnderstood = append(c.NotUnderstood, r) // applied as far as we know
		}
		c.Changes = append(c.Changes, r)
	}
	slices.SortStableFunc(c.Changes, func(a, b Row) int { return int(a.ExportRowID - b.ExportRowID) })
	return c
}
