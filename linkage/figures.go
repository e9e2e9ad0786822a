package linkage

import (
	"context"
	"fmt"
	"time"
)

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
	FromUTC    time.Time `json:"from_utc,omitzero"` // of the scope, and so is UntilUTC
	UntilUTC   time.Time `json:"until_utc,omitzero"`
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

// Figures counts what the log binds together, and nothing else: a failure is a link row,
// not an incident that happened to come soon after.
//
//	promoted         packets whose decision, as corrected, is promote
//	failed           … that have a link row: somebody answered for binding an incident or a rollback to it
//	time to recover  from the earliest observed_at of the links' deltas or, without any, from when the
//	                 first incident was bound, to when the first rollback after that was bound
//
// Rows say when a rollback was bound and not when it was done, so a time from when a delta
// was observed is at most what it says; one from when an incident was bound tells how soon
// it was written down. Where rows do not say, the time is not known, and counted as such: no
// rollback is bound, one row binds both and has no delta, or less than a minute lies
// between, which is the time of writing rows. Medians of an even number are the
// later of the two in the middle.
//
// Lane and cycle are in the packets: each promoted packet's manifest and bytes are read,
// sixteen at a time, unless the cache has them. The log is read twice. Memory grows by one
// entry a packet.
func (l *Linker) Figures(ctx context.Context, s Scope) (_ Figures, err error) {
	ctx, op := l.watch.Start(ctx, "count figures")
	defer op.End(&err)
	f := figuring{linker: l, scope: s, changes: map[string]*change{}}
	if s.Cache == nil {
		f.scope.Cache = NewLaneCache()
	}
	if err := f.read(ctx); err != nil {
		return Figures{}, fmt.Errorf("linkage: figures: %w", err)
	}
	return f.told(), nil
}
