package exportlog

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
)

// Query asks for rows. Every field that is set must match.
type Query struct {
	ExportRowID        int64
	SubjectExportRowID int64
	PromotionPacketID  string
	ExportBatchID      string
	IncidentTicketID   string
	RollbackEventID    string
}

// terms returns what the query asks for, apart from the row's own number.
func (q Query) terms() []term {
	return Row{
		SubjectExportRowID: q.SubjectExportRowID,
		PromotionPacketID:  q.PromotionPacketID,
		ExportBatchID:      q.ExportBatchID,
		IncidentTicketID:   q.IncidentTicketID,
		RollbackEventID:    q.RollbackEventID,
	}.terms()
}

func (q Query) matches(r Row) bool {
	have := r.terms()
	for _, t := range q.terms() {
		if !slices.Contains(have, t) {
			return false
		}
	}
	return q.ExportRowID == 0 || q.ExportRowID == r.ExportRowID
}

// Find reads up to the end of the log and returns the rows that match, oldest
// first; none is not an error. An empty query is. On a damaged log it returns
// the matching rows that can still be read, and a [DamagedError] with them.
func (l *Log) Find(ctx context.Context, q Query) ([]Row, error) {
	if q == (Query{}) {
		return nil, errors.New("exportlog: find: the query is empty; use Rows for all rows")
	}
	if err := l.catchUp(ctx); err != nil {
		return nil, fmt.Errorf("exportlog: find: %w", err)
	}
	var found []Row
	places, damage := l.places(q)
	for _, n := range places {
		rows, err := l.rowsOf(ctx, n)
		if err != nil && !errors.Is(err, ErrDamaged) {
			return nil, fmt.Errorf("exportlog: find: %w", err)
		}
		damage = errors.Join(damage, err)
		found = append(found, slices.DeleteFunc(rows, func(r Row) bool { return !q.matches(r) })...)
	}
	if damage != nil {
		return found, fmt.Errorf("exportlog: find: %w", damage)
	}
	return found, nil
}

// places returns the commits to look in, by the rarest thing the query asks for.
func (l *Log) places(q Query) ([]int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if q.ExportRowID != 0 {
		n := l.index.commitOf(q.ExportRowID)
		if n == 0 {
			return nil, l.damage()
		}
		return []int64{n}, l.damage()
	}
	terms := q.terms()
	rarest := l.index.places[terms[0]]
	for _, t := range terms[1:] {
		if at := l.index.places[t]; len(at) < len(rarest) {
			rarest = at
		}
	}
	return slices.Clone(rarest), l.damage()
}

// Existing reads up to the end of the log and returns the rows that have one of
// the idempotency keys, by key.
func (l *Log) Existing(ctx context.Context, keys ...string) (map[string]Row, error) {
	if err := l.catchUp(ctx); err != nil {
		return nil, fmt.Errorf("exportlog: look up idempotency keys: %w", err)
	}
	found := map[string]Row{}
	for _, key := range keys {
		row, ok, err := l.existing(ctx, key, found)
		if err != nil {
			return nil, fmt.Errorf("exportlog: look up idempotency key %s: %w", key, err)
		}
		if ok {
			found[key] = row
		}
	}
	return found, nil
}

// Rows yields the rows from an export_row_id on, oldest first, up to the end of
// the log when it was called. A commit that can no longer be read whole is
// yielded as a [DamagedError] after the rows of it that can, and Rows goes on
// behind it if the caller does. Any other error is the last thing it yields.
func (l *Log) Rows(ctx context.Context, from int64) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		if err := l.catchUp(ctx); err != nil {
			yield(Row{}, fmt.Errorf("exportlog: rows from %d: %w", from, err))
			return
		}
		l.mu.Lock()
		first, last := max(l.index.commitOf(from), 1), int64(len(l.index.starts))
		l.mu.Unlock()
		for n := first; n <= last; n++ {
			rows, err := l.rowsOf(ctx, n)
			for _, r := range rows {
				if r.ExportRowID >= from && !yield(r, nil) {
					return
				}
			}
			if err != nil && (!yield(Row{}, fmt.Errorf("exportlog: rows from %d: %w", from, err)) || !errors.Is(err, ErrDamaged)) {
				return
			}
		}
	}
}

// rowsOf reads the rows of a commit we know to be there.
func (l *Log) rowsOf(ctx context.Context, n int64) ([]Row, error) {
	s, err := readCommit(ctx, l.store, n)
	if err != nil {
		return nil, err
	}
	if s.absent {
		s.bad = errors.New("it was there before and is missing now")
	}
	lines, err := s.lines()
	var rows []Row
	for _, line := range lines {
		row, bad := decode(line)
		if bad != nil {
			err = bad
			continue
		}
		rows = append(rows, row)
	}
	if err != nil {
		return rows, &DamagedError{Findings: []Finding{{Object: commitKey(n), Problem: err.Error()}}}
	}
	return rows, nil
}
