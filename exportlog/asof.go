package exportlog

import (
	"context"
	"fmt"
	"iter"
	"time"
)

// AsOf is a moment in the life of a log: what was known when a row was its last. Its zero
// value is now.
type AsOf struct {
	Row  int64     // the last row that counts; 0 is the log's own
	Time time.Time // rows recorded later do not count, see [Log.RowAt]; zero is no bound
}

// CurrentAsOf yields every export as it stood at a moment, oldest first: what was believed
// then, before later corrections, links, holds and extensions. It is [Log.Current] that
// stops reading there. A moment before the first row yields nothing.
func (l *Log) CurrentAsOf(ctx context.Context, at AsOf) iter.Seq2[Current, error] {
	return func(yield func(Current, error) bool) {
		last, err := l.last(ctx, at)
		if err != nil {
			yield(Current{}, fmt.Errorf("exportlog: current as of: %w", err))
			return
		}
		for c, err := range l.currentBetween(ctx, 1, last, last) {
			if !yield(c, err) {
				return
			}
		}
	}
}

// CurrentOfAsOf is [Log.CurrentOf] at a moment. An export that the log did not have yet is
// an error.
func (l *Log) CurrentOfAsOf(ctx context.Context, exportRowID int64, at AsOf) (Current, error) {
	last, err := l.last(ctx, at)
	if err != nil {
		return Current{}, fmt.Errorf("exportlog: current as of: %w", err)
	}
	if exportRowID > last {
		return Current{}, fmt.Errorf("exportlog: current as of: the log had %d rows then, row %d was not among them", last, exportRowID)
	}
	now, err := l.CurrentOf(ctx, exportRowID)
	if err != nil || last == maxNumber {
		return now, err
	}
	return l.foldUpTo(ctx, now.Exported, last)
}

// last returns the last row that counts at a moment.
func (l *Log) last(ctx context.Context, at AsOf) (int64, error) {
	last := int64(maxNumber)
	if at.Row < 0 {
		return 0, fmt.Errorf("%w: row %d; rows are numbered from 1", ErrBadRow, at.Row)
	}
	if at.Row > 0 {
		last = at.Row
	}
	if at.Time.IsZero() {
		return last, nil
	}
	then, err := l.RowAt(ctx, at.Time)
	return min(last, then), err
}

// RowAt returns the last row that the log had at a time, by what rows say in
// recorded_at_utc; 0 if there was none yet. It halves the log, so it reads about twenty
// rows of a million. recorded_at_utc is the clock of whoever wrote the row: where writers'
// clocks differ, the place that is found lies within that difference.
func (l *Log) RowAt(ctx context.Context, t time.Time) (int64, error) {
	head, err := l.Head(ctx)
	if err != nil {
		return 0, err
	}
	before, after := int64(0), head.Size+1
	for after-before > 1 {
		middle := before + (after-before)/2
		rows, err := l.Find(ctx, Query{ExportRowID: middle})
		if err != nil {
			return 0, err
		}
		if len(rows) != 1 {
			return 0, fmt.Errorf("exportlog: the log has no row %d", middle)
		}
		if rows[0].RecordedAtUTC.After(t) {
			after = middle
		} else {
			before = middle
		}
	}
	return before, nil
}
