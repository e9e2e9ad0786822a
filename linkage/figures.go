package linkage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
)

// laneField is the packet's field that names the lane it was promoted in.
const laneField = "lane"

// promoted is the promotion_decision of a change that went out.
const promoted = "promote"

// Scope says which promotions are counted.
type Scope struct {
	// FromUTC and UntilUTC bound promotion_decision_at_utc: from the one, and before the
	// other. Zero is no bound. What is bound to a promotion counts whenever that was.
	FromUTC, UntilUTC time.Time

	// Cache keeps lanes and cycles between calls, so that each packet is read once; nil
	// reads them all.
	Cache *LaneCache
}

// Figures are change failure rate and time to recover, by lane and release cycle, from
// what is signed and logged. See [Linker.Figures] for what each counts.
type Figures struct {
	AsOfUTC    time.Time `json:"as_of_utc"`
	Groups     []Figure  `json:"groups"`     // by lane, then release cycle
	All        Figure    `json:"all"`        // together
	Unverified int       `json:"unverified"` // promotions whose packet does not verify: in All, and in no group
	Damage     string    `json:"damage,omitempty"`
}

// Figure is one lane in one release cycle.
type Figure struct {
	Lane           string `json:"lane"`             // empty where packets do not say
	ReleaseCycleID string `json:"release_cycle_id"` // empty where packets do not say

	Promoted   int     `json:"promoted"`    // packets, each once however often it was exported
	Failed     int     `json:"failed"`      // of these, with an incident or a rollback bound to them
	RolledBack int     `json:"rolled_back"` // of these, with a rollback
	ExportRows int     `json:"export_rows"` // that the figure rests on
	LinkRows   int     `json:"link_rows"`   // … and link rows
	FailedRows []int64 `json:"failed_rows"` // export rows to which they are bound

	Recover Recovery `json:"time_to_recover"`
}

// FailureRate is the part of what was promoted that failed; false if nothing was.
func (f Figure) FailureRate() (float64, bool) {
	if f.Promoted == 0 {
		return 0, false
	}
	return float64(f.Failed) / float64(f.Promoted), true
}

// Recovery is how long it took from what went wrong to the rollback, where rows say both.
type Recovery struct {
	Known    int           `json:"known"`     // failed promotions it can be told of
	Observed int           `json:"observed"`  // of these, counted from when a delta was observed; the others from when the incident was bound
	Median   time.Duration `json:"median_ns"` // of those known; zero if none is
	Longest  time.Duration `json:"longest_ns"`

	NoRollback int `json:"no_rollback"` // not known: no rollback is bound
	NoStart    int `json:"no_start"`    // not known: no delta and no earlier row says when it went wrong

	times []time.Duration
}

// Figures counts what the log binds together, and nothing else: a failure is a link row,
// not an incident that happened to come soon after.
//
//	promoted         packets whose decision, as corrected, is promote
//	failed           … that have a link row: somebody answered for binding an incident or a rollback to it
//	time to recover  from the earliest observed_at of the links' deltas or, without any, from when the
//	                 first incident was bound, to when the first rollback after that was bound
//
// Rows say when a rollback was bound and not when it was done, so times are at most what
// they say. Where rows do not say, the time is not known, and counted as such: no rollback
// is bound, or one row binds both and has no delta. Medians of an even number are the
// later of the two in the middle.
//
// Lane and cycle are in the packets: each promoted packet's manifest and bytes are read,
// sixteen at a time, unless the cache has them. The log is read twice. Memory grows by one
// entry a packet.
func (l *Linker) Figures(ctx context.Context, s Scope) (Figures, error) {
	f := figuring{linker: l, scope: s, changes: map[string]*change{}}
	if s.Cache == nil {
		f.scope.Cache = NewLaneCache()
	}
	if err := f.read(ctx); err != nil {
		return Figures{}, fmt.Errorf("linkage: figures: %w", err)
	}
	return f.told(), nil
}

// figuring is one count.
type figuring struct {
	linker  *Linker
	scope   Scope
	changes map[string]*change // by promotion_packet_id
	damage  error
}

// change is one promotion.
type change struct {
	in         lane
	verified   bool
	exports    int
	failed     []int64 // its export rows that have links
	links      []exportlog.Row
	rolledBack bool
}

// read reads the log, and the packets a chunk at a time.
func (f *figuring) read(ctx context.Context) error {
	var chunk []exportlog.Current
	for c, err := range f.linker.log.Current(ctx) {
		if errors.Is(err, exportlog.ErrDamaged) {
			f.damage = errors.Join(f.damage, err)
			continue
		}
		if err != nil {
			return err
		}
		if !f.scope.has(c) {
			continue
		}
		if chunk = append(chunk, c); len(chunk) == 4*parallelPackets {
			if err := f.add(ctx, chunk); err != nil {
				return err
			}
			chunk = chunk[:0]
		}
	}
	return f.add(ctx, chunk)
}

func (s Scope) has(c exportlog.Current) bool {
	at := c.PromotionDecisionAtUTC
	return c.PromotionDecision == promoted && (s.FromUTC.IsZero() || !at.Before(s.FromUTC)) && (s.UntilUTC.IsZero() || at.Before(s.UntilUTC))
}

// add counts some exports.
func (f *figuring) add(ctx context.Context, chunk []exportlog.Current) error {
	lanes, err := f.lanes(ctx, chunk)
	if err != nil {
		return err
	}
	for _, c := range chunk {
		was := f.changes[c.PromotionPacketID]
		if was == nil {
			was = &change{}
			f.changes[c.PromotionPacketID] = was
		}
		if in, ok := lanes[c.ExportRowID]; ok && !was.verified {
			was.in, was.verified = in, true
		}
		was.bind(c)
	}
	return nil
}

// bind takes an export's links.
func (w *change) bind(c exportlog.Current) {
	w.exports++
	bound := slices.DeleteFunc(slices.Clone(c.Links), func(r exportlog.Row) bool { return r.IncidentTicketID == "" && r.RollbackEventID == "" })
	if len(bound) == 0 {
		return // none, or corrected away
	}
	w.failed, w.links = append(w.failed, c.ExportRowID), append(w.links, bound...)
	w.rolledBack = w.rolledBack || slices.ContainsFunc(bound, func(r exportlog.Row) bool { return r.RollbackEventID != "" })
}

// told adds up the changes.
func (f *figuring) told() Figures {
	groups := map[lane]*Figure{}
	told := Figures{AsOfUTC: time.Now().UTC().Truncate(time.Second)}
	for _, w := range f.changes {
		told.All.count(w)
		if !w.verified {
			told.Unverified++
			continue
		}
		if groups[w.in] == nil {
			groups[w.in] = &Figure{Lane: w.in.lane, ReleaseCycleID: w.in.cycle}
		}
		groups[w.in].count(w)
	}
	for _, g := range groups {
		told.Groups = append(told.Groups, g.settled())
	}
	told.All = told.All.settled()
	slices.SortFunc(told.Groups, func(a, b Figure) int {
		return cmp.Or(cmp.Compare(a.Lane, b.Lane), cmp.Compare(a.ReleaseCycleID, b.ReleaseCycleID))
	})
	if f.damage != nil {
		told.Damage = f.damage.Error()
	}
	return told
}

func (f *Figure) count(w *change) {
	f.Promoted++
	f.ExportRows += w.exports
	f.LinkRows += len(w.links)
	if len(w.links) == 0 {
		return
	}
	f.Failed++
	f.FailedRows = append(f.FailedRows, w.failed...)
	if w.rolledBack {
		f.RolledBack++
	}
	f.Recover.count(w.links)
}

func (f Figure) settled() Figure {
	slices.Sort(f.FailedRows)
	r := &f.Recover
	slices.Sort(r.times)
	if r.Known = len(r.times); r.Known > 0 {
		r.Median, r.Longest = r.times[r.Known/2], r.times[r.Known-1]
	}
	return f
}

// count takes the links of one failed promotion.
func (r *Recovery) count(links []exportlog.Row) {
	slices.SortFunc(links, func(a, b exportlog.Row) int { return cmp.Compare(a.ExportRowID, b.ExportRowID) })
	began, observed, row := start(links)
	for _, link := range links {
		if link.RollbackEventID == "" || !observed && (row == 0 || link.ExportRowID <= row) || link.RecordedAtUTC.Before(began) {
			continue
		}
		r.times = append(r.times, link.RecordedAtUTC.Sub(began))
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

// lanes returns the lane of each export whose packet verifies, by its row.
func (f *figuring) lanes(ctx context.Context, chunk []exportlog.Current) (map[int64]lane, error) {
	lanes := map[int64]lane{}
	var unread []exportlog.Row
	for _, c := range chunk {
		if in, ok := f.scope.Cache.get(c.Exported); ok {
			lanes[c.ExportRowID] = in
		} else {
			unread = append(unread, c.Exported)
		}
	}
	var evidence []archive.Evidence
	for e, err := range f.linker.archive.EvidenceOf(ctx, eachRow(unread)) {
		if errors.Is(err, archive.ErrNotConfirmed) {
			continue
		}
		if err != nil {
			return nil, err
		}
		evidence = append(evidence, e)
	}
	read := make([]*lane, len(evidence))
	err := f.linker.inParallel(ctx, len(evidence), func(ctx context.Context, i int) error {
		fields, err := evidence[i].Fields(ctx)
		if isDamage(err) {
			return nil
		}
		read[i] = &lane{valueOf(fields, laneField), valueOf(fields, cycleField)}
		return err
	})
	if err != nil {
		return nil, err
	}
	for i, e := range evidence {
		if read[i] != nil {
			lanes[e.Row.ExportRowID] = *read[i]
			f.scope.Cache.put(e.Row, *read[i])
		}
	}
	return lanes, nil
}
