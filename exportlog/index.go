package exportlog

import (
	"slices"
	"strconv"
)

// term is one thing a row can be found by, and the folder below log/by/ for it.
type term struct{ folder, value string }

// terms returns what a row is found by, apart from its own number.
func (r Row) terms() []term {
	all := []term{
		{"incident", r.IncidentTicketID},
		{"rollback", r.RollbackEventID},
		{"row", rowValue(r.SubjectExportRowID)},
		{"row", rowValue(r.CorrectionOfExportRowID)},
		{"packet", r.PromotionPacketID},
		{"batch", r.ExportBatchID},
	}
	return slices.DeleteFunc(all, func(t term) bool { return t.value == "" })
}

func rowValue(row int64) string {
	if row == 0 {
		return ""
	}
	return strconv.FormatInt(row, 10)
}

// Key is what makes a row the same row again.
type Key struct{ PromotionPacketID, IdempotencyKey string }

// Key returns the row's key.
func (r Row) Key() Key { return Key{r.PromotionPacketID, r.IdempotencyKey} }

// index says in which commits to look. It holds no rows, and covers the commits
// above a base; what lies below is found by derived objects.
type index struct {
	base    int64            // commits up to here are not covered
	starts  []int64          // starts[i] is the first row of commit base+i+1
	places  map[term][]int64 // commits, ascending
	keys    map[Key]int64    // commit
	exports map[string]int64 // promotion_packet_id -> its latest export row
	holds   holds
}

func newIndex(base int64) index {
	return index{base: base, places: map[term][]int64{}, keys: map[Key]int64{}, exports: map[string]int64{}, holds: holds{}}
}

// commits returns the number of the last commit.
func (x *index) commits() int64 { return x.base + int64(len(x.starts)) }

// add takes the next commit, which starts with row first.
func (x *index) add(first int64, rows []Row) {
	x.starts = append(x.starts, first)
	n := x.commits()
	for i := range rows {
		r := &rows[i]
		x.keys[r.Key()] = n
		for _, t := range r.terms() {
			if at := x.places[t]; len(at) == 0 || at[len(at)-1] != n {
				x.places[t] = append(at, n)
			}
		}
		if r.Kind == KindExport {
			x.exports[r.PromotionPacketID] = r.ExportRowID
		}
		x.holds.add(r)
	}
}

// raise forgets the commits up to a new base, whose rows end before firstRow.
func (x *index) raise(base, firstRow int64) {
	x.starts = slices.Clone(x.starts[base-x.base:])
	x.base = base
	for t, at := range x.places {
		kept, _ := slices.BinarySearch(at, base+1)
		if kept == len(at) {
			delete(x.places, t)
		} else if kept > 0 {
			x.places[t] = slices.Clone(at[kept:])
		}
	}
	for k, n := range x.keys {
		if n <= base {
			delete(x.keys, k)
		}
	}
	for packet, row := range x.exports {
		if row < firstRow {
			delete(x.exports, packet)
		}
	}
	x.holds.forget(firstRow)
}

// commitOf returns the commit that holds a row; 0 when the index does not cover
// it.
func (x *index) commitOf(row int64) int64 {
	at, exact := slices.BinarySearch(x.starts, row)
	switch {
	case exact:
		at++
	case at == 0:
		return 0
	}
	return x.base + int64(at)
}

// rowsOf returns the first and the last row of a commit that the index covers, in
// a log of so many rows.
func (x *index) rowsOf(commit, rows int64) (first, last int64) {
	at := commit - x.base - 1
	if at < 0 || at >= int64(len(x.starts)) {
		return 0, -1
	}
	if at+1 < int64(len(x.starts)) {
		rows = x.starts[at+1] - 1
	}
	return x.starts[at], rows
}
