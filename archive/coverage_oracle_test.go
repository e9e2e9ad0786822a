package archive_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
)

// Whatever was decided and exported comes out as the plain rules have it, and the order
// of the input does not count.
func TestCoverageAgainstThePlainRules(t *testing.T) {
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 0))
		pick := func(of ...string) string { return of[r.IntN(len(of))] }
		moment := func() time.Time { return ten.Add(time.Duration(r.IntN(5)) * 12 * time.Hour) }
		a := withClock(t, someOptional(t))
		var rows []exportlog.Row
		for range r.IntN(20) {
			row := exported(pick("a", "b", "c"), pick("promote", "hold", "cancelled", ""), 0)
			row.PromotionDecisionAtUTC, row.ExportedAtUTC, row.ReconstructedBy = moment(), moment(), pick("", "", "x/y")
			row.ExportRowID = a.log(t, row.ExportedAtUTC, row)
			rows = append(rows, row)
		}
		var decisions []archive.Decision
		for range r.IntN(20) {
			decisions = append(decisions, decided(pick("a", "b", "c"), pick("promote", "hold", "cancelled", "other", ""), moment()))
		}
		*a.now = ten.Add(48 * time.Hour)
		report := a.compare(t, archive.CoverageInput{Decisions: each(decisions)})
		if got, want := tallyOf(report, decisions, rows), plainly(decisions, rows); got != want {
			t.Errorf("seed %d: %+v, want %+v\n%v", seed, got, want, kinds(report))
		}
		r.Shuffle(len(decisions), func(i, j int) { decisions[i], decisions[j] = decisions[j], decisions[i] })
		if again := a.compare(t, archive.CoverageInput{Decisions: each(decisions)}); !slices.Equal(again.Found, report.Found) {
			t.Errorf("seed %d: in another order:\n%v\n%v", seed, kinds(again), kinds(report))
		}
	}
}

// tally is what the rules give without a word on which row is named with which decision.
type tally struct {
	decisions, mandatory, inTime, late, early, reconstructed, against, unknown int64
	without                                                                    int64 // mandatory decisions without a row
}

func tallyOf(r archive.CoverageReport, decisions []archive.Decision, rows []exportlog.Row) tally {
	got := tally{
		decisions: r.Decisions, mandatory: r.Mandatory, inTime: r.InTime, late: r.Findings[archive.CoverageLate],
		reconstructed: r.Findings[archive.CoverageReconstructed], against: r.Findings[archive.CoverageAgainstPolicy], unknown: r.Findings[archive.CoverageUnknownDecision],
		without: r.Findings[archive.CoverageMissing] + r.Findings[archive.CoverageOtherDecision] + r.Due,
	}
	for _, f := range r.Found {
		d := decided(f.PromotionPacketID, f.PromotionDecision, f.PromotionDecisionAtUTC)
		if f.Kind != archive.CoverageEarly || f.PromotionDecision == "" || !slices.Contains(decisions, d) {
			continue // or of a packet that was not decided
		}
		switch row := slices.IndexFunc(rows, func(r exportlog.Row) bool { return r.ExportRowID == f.ExportRowID }); {
		case covers(rows[row], d):
			got.early++
		default:
			got.without++ // the row that was meant is named beside it
		}
	}
	return got
}

func covers(r exportlog.Row, d archive.Decision) bool {
	return d.PromotionPacketID == r.PromotionPacketID && d.PromotionDecision == r.PromotionDecision && d.PromotionDecisionAtUTC.Equal(r.PromotionDecisionAtUTC)
}

// plainly applies the rules one decision after the other.
func plainly(decisions []archive.Decision, rows []exportlog.Row) tally {
	var want tally
	taken := map[archive.Decision]bool{}
	for _, d := range decisions {
		if d.PromotionDecision == "" || taken[d] {
			continue
		}
		taken[d] = true
		want.decisions++
		var early, reconstructed bool
		var first time.Time // exported as it should be
		covered := false
		for _, r := range rows {
			if !covers(r, d) {
				continue
			}
			covered = true
			switch {
			case r.ReconstructedBy != "":
				reconstructed = true
			case r.ExportedAtUTC.Before(d.PromotionDecisionAtUTC):
				early = true
			case first.IsZero() || r.ExportedAtUTC.Before(first):
				first = r.ExportedAtUTC
			}
		}
		want.count(d, covered, early, reconstructed, first)
	}
	return want
}

func (w *tally) count(d archive.Decision, covered, early, reconstructed bool, first time.Time) {
	promoted := d.PromotionDecision == "promote"
	if promoted {
		w.mandatory++
	}
	if early && (promoted || d.PromotionDecision == "hold") {
		w.early++
	}
	switch {
	case d.PromotionDecision == "other":
		w.unknown++
	case d.PromotionDecision == "cancelled" && covered:
		w.against++
	case promoted && !covered:
		w.without++
	case promoted && !first.IsZero() && first.Sub(d.PromotionDecisionAtUTC) > 24*time.Hour:
		w.late++
	case promoted && !first.IsZero():
		w.inTime++
	case promoted && reconstructed:
		w.reconstructed++
	}
}
