package exportlog

import (
	"slices"
	"strconv"
)

// term is one thing a row can be found by.
type term struct{ field, value string }

// terms returns what a row is found by, apart from its own number.
func (r Row) terms() []term {
	all := []term{
		{"promotion_packet_id", r.PromotionPacketID},
		{"export_batch_id", r.ExportBatchID},
		{"incident_ticket_id", r.IncidentTicketID},
		{"rollback_event_id", r.RollbackEventID},
	}
	if r.SubjectExportRowID != 0 {
		all = append(all, term{"subject_export_row_id", strconv.FormatInt(r.SubjectExportRowID, 10)})
	}
	return slices.DeleteFunc(all, func(t term) bool { return t.value == "" })
}

// index says in which commits to look. It is what this process has read of the
// log, and holds no rows.
type index struct {
	starts  []int64          // starts[i] is the first row of commit i+1
	places  map[term][]int64 // commits, ascending
	keys    map[string]int64 // idempotency_key -> commit
	exports map[string]int64 // promotion_packet_id -> its latest export row
}

func newIndex() index {
	return index{places: map[term][]int64{}, keys: map[string]int64{}, exports: map[string]int64{}}
}

// add takes the next commit, which starts with row first.
func (x *index) add(first int64, rows []Row) {
	x.starts = append(x.starts, first)
	n := int64(len(x.starts))
	for _, r := range rows {
		x.keys[r.IdempotencyKey] = n
		for _, t := range r.terms() {
			if at := x.places[t]; len(at) == 0 || at[len(at)-1] != n {
				x.places[t] = append(at, n)
			}
		}
		if r.Kind == KindExport {
			x.exports[r.PromotionPacketID] = r.ExportRowID
		}
	}
}

// commitOf returns the commit that holds a row, or 0.
func (x *index) commitOf(row int64) int64 {
	at, exact := slices.BinarySearch(x.starts, row)
	if exact {
		return int64(at) + 1
	}
	return int64(at)
}
