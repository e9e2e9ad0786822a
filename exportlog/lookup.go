package exportlog

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// below is what the log has of one packet below the base.
type below struct {
	keys         map[string]*Row // by idempotency_key
	latestExport int64           // 0 for none
}

// known is what a request has learnt of its packets, and of the exports whose
// evidence its corrections move.
type known struct {
	base    int64 // rows below the base at that time
	packets map[string]below
	holds   holds
}

// lookUp finds what the log has of packets and of exports below the base: one
// listing for a packet it has never seen, and one more round trip for one it has.
func (l *Log) lookUp(ctx context.Context, rows []Row, moves map[int]int64) (known, error) {
	m, k, unknown := l.floor.known(rows)
	if m.below() == 0 {
		return k, nil
	}
	found, err := inParallel(ctx, unknown, func(ctx context.Context, packet string) (below, error) { return l.lookUpOne(ctx, m, packet) })
	if err != nil {
		return known{}, err
	}
	for _, export := range moves {
		about, err := l.listed(ctx, m, term{"row", rowValue(export)})
		if err != nil {
			return known{}, err
		}
		itself, err := l.findBelow(ctx, m, Query{ExportRowID: export})
		if err != nil {
			return known{}, err
		}
		for _, r := range append(itself, about...) {
			k.holds.add(&r)
		}
	}
	learnt := map[string]below{}
	for i, packet := range unknown {
		learnt[packet] = found[i]
	}
	maps.Copy(k.packets, learnt)
	l.floor.remember(m, learnt)
	return k, nil
}

func (l *Log) lookUpOne(ctx context.Context, m mark, packet string) (below, error) {
	rows, err := l.listed(ctx, m, term{"packet", packet})
	if err != nil {
		return below{}, err
	}
	b := below{keys: map[string]*Row{}}
	for _, r := range rows {
		if r.PromotionPacketID != packet {
			continue
		}
		b.keys[r.IdempotencyKey] = &r
		if r.Kind == KindExport {
			b.latestExport = r.ExportRowID
		}
	}
	return b, nil
}

// listed returns the rows below a mark's commit that are listed under a term,
// oldest first.
func (l *Log) listed(ctx context.Context, m mark, t term) ([]Row, error) {
	if m.below() == 0 {
		return nil, nil
	}
	var numbers []int64
	for e, err := range l.store.List(ctx, indexFolder(t)) {
		if err != nil {
			return nil, err
		}
		row, ok := indexRow(e.Ref.Key)
		switch {
		case !ok:
			l.doubt(&derivedError{Object: e.Ref.Key, Problem: "it does not belong in the index"})
		case row <= m.below(): // later rows are read from the commits
			numbers = append(numbers, row)
		}
	}
	return l.vouched(ctx, m, t, numbers)
}

// stale reports whether the base has moved since the lookup, so that rows may
// have passed from the commits we cover to those we do not.
func (k known) stale(base int64) bool { return k.base != base }

// Existing reads up to the end of the log and returns the rows that have one of
// the keys, by key.
func (l *Log) Existing(ctx context.Context, keys ...Key) (map[Key]Row, error) {
	found, err := l.existing(ctx, keys)
	if err != nil {
		return nil, fmt.Errorf("exportlog: look up %d keys: %w", len(keys), err)
	}
	return found, nil
}

func (l *Log) existing(ctx context.Context, keys []Key) (map[Key]Row, error) {
	if err := l.catchUp(ctx); err != nil {
		return nil, err
	}
	rows := make([]Row, len(keys))
	for i, k := range keys {
		rows[i] = Row{PromotionPacketID: k.PromotionPacketID, IdempotencyKey: k.IdempotencyKey}
	}
	for {
		old, err := l.lookUp(ctx, rows, nil)
		if err != nil {
			return nil, err
		}
		found := map[Key]Row{}
		for _, r := range rows {
			row, err := l.had(ctx, r.Key(), l.commitWith(r.Key()), old)
			if err != nil {
				return nil, err
			}
			if row != nil {
				found[r.Key()] = *row
			}
		}
		if !old.stale(l.floor.start().below()) {
			return found, nil
		}
	}
}

// commitWith returns the commit that has the row of a key, or 0 if none is covered.
func (l *Log) commitWith(key Key) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.index.keys[key]
}

// had returns the row that has a key, from a commit that is covered or from what was
// looked up; nil if the log has none.
func (l *Log) had(ctx context.Context, key Key, commit int64, old known) (*Row, error) {
	if commit == 0 {
		return old.packets[key.PromotionPacketID].keys[key.IdempotencyKey], nil
	}
	rows, err := l.remembered(ctx, commit)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		if rows[i].Key() == key {
			return &rows[i], nil
		}
	}
	return nil, &DamagedError{Findings: []Finding{{Kind: Edited, Object: commitKey(commit), Problem: "it no longer has the row with idempotency_key " + key.IdempotencyKey}}}
}

// remembered returns the rows of a commit from memory, or from the bucket.
func (l *Log) remembered(ctx context.Context, commit int64) ([]Row, error) {
	l.mu.Lock()
	first, last := l.index.rowsOf(commit, l.chain.rows)
	rows, ok := l.recent.between(first, last)
	l.mu.Unlock()
	if ok {
		return rows, nil
	}
	return l.rowsOf(ctx, commit)
}

// merge returns rows in ascending order, each once.
func merge(rows ...[]Row) []Row {
	byNumber := map[int64]Row{}
	for _, r := range slices.Concat(rows...) {
		byNumber[r.ExportRowID] = r
	}
	merged := make([]Row, 0, len(byNumber))
	for _, row := range slices.Sorted(maps.Keys(byNumber)) {
		merged = append(merged, byNumber[row])
	}
	return merged
}
