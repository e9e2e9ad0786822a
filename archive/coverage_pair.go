package archive

import (
	"slices"
	"time"

	"github.com/holdfast-archive/holdfast/retention"
)

// unmatchedAtOnce is how many decisions, or rows, of one packet are remembered while
// nothing matches them. Beyond it the oldest is judged by what is known by then.
const unmatchedAtOnce = 10_000

// decisionWithout takes a mandatory decision that no row has. A row of the packet that
// has no decision is the one that was meant.
func (p *packetComparison) decisionWithout(d standing) error {
	if len(p.rows) > 0 {
		return p.pair(d, p.rows[0])
	}
	if p.decisions = append(p.decisions, d); len(p.decisions) <= unmatchedAtOnce {
		return nil
	}
	d, p.decisions = p.decisions[0], p.decisions[1:]
	return p.alone(d)
}

// rowWithout takes a row whose decision was not given.
func (p *packetComparison) rowWithout(row standing) error {
	if p.paired.Row > 0 && row.compareDecision(p.paired) == 0 {
		return nil // its re-export
	}
	if len(p.decisions) > 0 {
		d := p.decisions[0]
		p.decisions = p.decisions[1:]
		return p.pair(d, row)
	}
	if p.rows = append(p.rows, row); len(p.rows) <= unmatchedAtOnce {
		return nil
	}
	row, p.rows = p.rows[0], p.rows[1:]
	return p.stray(row)
}

// pair names the row that stands where a decision's should.
func (p *packetComparison) pair(d, row standing) error {
	p.paired = row
	p.rows = slices.DeleteFunc(p.rows, func(r standing) bool { return r.compareDecision(row) == 0 })
	if d.Decision == row.Decision && p.inWindow(row.when()) && row.Exported.Before(d.At.Add(-p.policy.ClockSkew())) {
		return p.early(d, row)
	}
	return p.otherDecision(d, row)
}

func (p *packetComparison) early(d, row standing) error {
	return p.find(d.found(CoverageEarly, row), "exported at %s, %v before the decision was final; its row says that it was decided at %s: export what was decided",
		utc(row.Exported), d.At.Sub(row.Exported), utc(row.At))
}

func (p *packetComparison) otherDecision(d, row standing) error {
	return p.find(d.found(CoverageOtherDecision, row), "the policy makes it mandatory, and the packet's row is of %.80q, decided at %s: export what was decided, or correct the row",
		row.Decision, utc(row.At))
}

// alone judges a mandatory decision for which nothing stands.
func (p *packetComparison) alone(d standing) error {
	switch {
	case p.now.Before(d.At.Add(p.timeFor(d.Class))):
		p.summary.Due++
		return nil
	case p.exported.Row > 0:
		return p.otherDecision(d, p.exported)
	}
	return p.find(d.found(CoverageMissing, standing{}), "the policy makes it mandatory, and the log has no export row of its packet: export it, as a reconstruction if its packet is gone")
}

// timeFor is how long the export of a decision may take. Without a class it is how long
// it may in any, for only then is it certain that it is missing.
func (p *packetComparison) timeFor(class retention.Class) time.Duration {
	limit := p.policy.MaximumDelay(class)
	if class == "" {
		for _, c := range retention.Classes() {
			limit = max(limit, p.policy.MaximumDelay(c))
		}
	}
	return limit + p.policy.ClockSkew()
}

// stray judges a row to which no decision belongs.
func (p *packetComparison) stray(row standing) error {
	f := row.found(CoverageOrphan, row)
	switch {
	case !p.inWindow(row.when()):
		return nil
	case p.undecided:
		f.Kind = CoverageEarly
		return p.find(f, "exported at %s, and no decision on its packet has been taken yet", utc(row.Exported))
	}
	return p.find(f, "no such decision is known: it was taken without the register, or the row is not what it says")
}
