package linkage

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/holdfast-archive/holdfast/exportlog"
)

// promoted is the promotion_decision of a change that went out.
const promoted = "promote"

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
	told := Figures{AsOfUTC: time.Now().UTC().Truncate(time.Second), FromUTC: f.scope.FromUTC, UntilUTC: f.scope.UntilUTC}
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
