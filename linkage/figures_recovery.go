package linkage

import (
	"cmp"
	"slices"
	"time"

	"github.com/holdfast-archive/holdfast/exportlog"
)

// Recovery is how long it took from what went wrong to the rollback, where rows say both.
type Recovery struct {
	Known    int           `json:"known"`     // failed promotions it can be told of
	Observed int           `json:"observed"`  // of these, counted from when a delta was observed; the others from when the incident was bound
	Median   time.Duration `json:"median_ns"` // of those known; zero if none is
	Longest  time.Duration `json:"longest_ns"`

	NoRollback int `json:"no_rollback"` // not known: no rollback is bound
	NoStart    int `json:"no_start"`    // not known: no delta and no earlier row says when it went wrong, a minute before or more

	times []time.Duration
}

// leastRecovery is the shortest time that is one. What is shorter is the time between two
// rows that somebody wrote one after the other, or a delta that was observed when its row
// was written: it says nothing of production.
const leastRecovery = time.Minute

// count takes the links of one failed promotion.
func (r *Recovery) count(links []exportlog.Row) {
	slices.SortFunc(links, func(a, b exportlog.Row) int { return cmp.Compare(a.ExportRowID, b.ExportRowID) })
	began, observed, row := start(links)
	for _, link := range links {
		if link.RollbackEventID == "" || !observed && (row == 0 || link.ExportRowID <= row) || link.RecordedAtUTC.Before(began) {
			continue
		}
		took := link.RecordedAtUTC.Sub(began)
		if took < leastRecovery {
			break
		}
		r.times = append(r.times, took)
		if observed {
			r.Observed++
		}
		return
	}
	if slices.ContainsFunc(links, func(l exportlog.Row) bool { return l.RollbackEventID != "" }) {
		r.NoStart++
		return
	}
	r.NoRollback++
}

// start is when rows say that it went wrong: when the first delta was observed, or else
// when the first row that binds an incident was recorded.
func start(links []exportlog.Row) (at time.Time, observed bool, row int64) {
	for _, link := range links {
		deltas, _ := ParseSummary(link.DivergenceSummary)
		for _, d := range deltas {
			if !observed || d.ObservedAtUTC.Before(at) {
				at, observed = d.ObservedAtUTC, true
			}
		}
	}
	if observed {
		return at, true, 0
	}
	for _, link := range links {
		if link.IncidentTicketID != "" {
			return link.RecordedAtUTC, false, link.ExportRowID
		}
	}
	return time.Time{}, false, 0
}
