package exportlog

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
)

// Query asks for rows. Every field that is set must match.
type Query struct {
	ExportRowID             int64
	SubjectExportRowID      int64
	CorrectionOfExportRowID int64
	PromotionPacketID       string
	ExportBatchID           string
	IncidentTicketID        string
	RollbackEventID         string
}

// terms returns what the query asks for, apart from the row's own number, the
// most telling first.
func (q Query) terms() []term {
	return Row{
		SubjectExportRowID:      q.SubjectExportRowID,
		CorrectionOfExportRowID: q.CorrectionOfExportRowID,
		PromotionPacketID:       q.PromotionPacketID,
		ExportBatchID:           q.ExportBatchID,
		IncidentTicketID:        q.IncidentTicketID,
		RollbackEventID:         q.RollbackEventID,
	}.terms()
}

func (q Query) matches(r Row) bool {
	for _, asked := range []bool{
		q.ExportRowID == 0 || q.ExportRowID == r.ExportRowID,
		q.SubjectExportRowID == 0 || q.SubjectExportRowID == r.SubjectExportRowID,
		q.CorrectionOfExportRowID == 0 || q.CorrectionOfExportRowID == r.CorrectionOfExportRowID,
		q.PromotionPacketID == "" || q.PromotionPacketID == r.PromotionPacketID,
		q.ExportBatchID == "" || q.ExportBatchID == r.ExportBatchID,
		q.IncidentTicketID == "" || q.IncidentTicketID == r.IncidentTicketID,
		q.RollbackEventID == "" || q.RollbackEventID == r.RollbackEventID,
	} {
		if !asked {
			return false
		}
	}
	return true
}

// Find reads up to the end of the log and returns the rows that match, oldest
// first; none is not an error. An empty query is. On a damaged log it returns
// the matching rows that can still be read, and a [DamagedError] with them.
//
// In a log that is open, Find takes three round trips at any size: one for the
// end of the log and, at the same time, for the listing of what was asked for,
// one or two for the rows. A row that is asked for by its number, and was there when
// the end was last looked for, takes one: it cannot have changed since. Rows that come
// from derived objects are held to the Merkle tree, and read from their commits when
// they do not fit it.
func (l *Log) Find(ctx context.Context, q Query) ([]Row, error) {
	if q == (Query{}) {
		return nil, errors.New("exportlog: find: the query is empty; use Rows for all rows")
	}
	rows, err := l.find(ctx, q)
	if err != nil && !errors.Is(err, ErrDamaged) {
		return nil, fmt.Errorf("exportlog: find: %w", err)
	}
	rows = slices.DeleteFunc(rows, func(r Row) bool { return !q.matches(r) })
	if err != nil {
		return rows, fmt.Errorf("exportlog: find: %w", err)
	}
	return rows, nil
}

func (l *Log) find(ctx context.Context, q Query) ([]Row, error) {
	if !l.floor.isOpen() {
		if err := l.catchUp(ctx); err != nil {
			return nil, err
		}
	}
	for {
		m := l.floor.start()
		var old, later []Row
		g, gctx := errgroup.WithContext(ctx)
		g.Go(func() (err error) {
			old, err = l.findBelow(gctx, m, q)
			return err
		})
		var damage error
		g.Go(func() (err error) {
			if q.ExportRowID == 0 || q.ExportRowID > l.seen() {
				if err := l.catchUp(gctx); err != nil {
					return err
				}
			}
			later, damage, err = l.findCovered(gctx, q)
			return err
		})
		if err := g.Wait(); err != nil {
			return nil, err
		}
		if l.floor.start() == m { // or else rows may have passed from one half to the other
			return merge(old, later), damage
		}
	}
}

// seen is how many rows there were when the end was last looked for.
func (l *Log) seen() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.chain.rows
}

// findBelow looks among the rows below a mark's commit.
func (l *Log) findBelow(ctx context.Context, m mark, q Query) ([]Row, error) {
	if q.ExportRowID > m.below() || m.below() == 0 {
		return nil, nil
	}
	if q.ExportRowID != 0 {
		return l.vouched(ctx, m, term{}, []int64{q.ExportRowID})
	}
	return l.listed(ctx, m, q.terms()[0])
}

// findCovered looks among the commits that are covered in memory.
func (l *Log) findCovered(ctx context.Context, q Query) (found []Row, damage, err error) {
	places, damage := l.places(q)
	type read struct {
		rows []Row
		bad  error
	}
	got, err := inParallel(ctx, places, func(ctx context.Context, n int64) (read, error) {
		rows, err := l.rowsOf(ctx, n)
		if errors.Is(err, ErrDamaged) {
			return read{rows, err}, nil
		}
		return read{rows: rows}, err
	})
	for _, r := range got {
		found = append(found, r.rows...)
		damage = errors.Join(damage, r.bad)
	}
	return found, damage, err
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

// rowsOf reads the rows of a commit we know to be there.
func (l *Log) rowsOf(ctx context.Context, n int64) ([]Row, error) {
	s, err := readCommit(ctx, l.store, n)
	if err != nil {
		return nil, err
	}
	kind := Edited
	if s.absent {
		s.bad, kind = errors.New("it was there before and is missing now"), Missing
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
		return rows, &DamagedError{Findings: []Finding{{Kind: kind, Object: commitKey(n), Problem: err.Error()}}}
	}
	return rows, nil
}
