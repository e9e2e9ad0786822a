package archive

import (
	"slices"
	"time"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/policy"
)

// unmatchedAtOnce is how many decisions, or rows, of one packet are remembered while
// nothing matches them. Beyond it the oldest is judged by what is known by then.
const unmatchedAtOnce = 10_000

// packetComparison goes through the standings in order and judges a packet at a time.
type packetComparison struct {
	*comparison
	last standing // seen

	// of the packet
	exported  standing   // its last row; none if Row is 0
	undecided bool       // it was given without a decision
	decisions []standing // mandatory ones without a row, while there is no row without a decision
	rows      []standing // without a decision, while there is no such decision
	paired    standing   // the last row that was named beside a decision it is not of

	// of the decision
	decision *standing
	covering covering
}

// covering is what covers one decision.
type covering struct {
	any, inTime, early, reconstructed standing // the first row of each sort; none if Row is 0. inTime is neither of the others
}

func (c *comparison) comparePackets() error {
	p := &packetComparison{comparison: c}
	for s, err := range c.standings.sorted() {
		if err != nil {
			return err
		}
		if err := p.next(s); err != nil {
			return err
		}
	}
	return p.endPacket()
}

func (p *packetComparison) next(s standing) error {
	var err error
	if s.ID != p.last.ID {
		err = p.endPacket()
	} else if s.compareDecision(p.last) != 0 {
		err = p.endDecision()
	}
	if err != nil {
		return err
	}
	p.last = s
	switch {
	case s.Row > 0:
		p.exported = s
		if p.decision == nil {
			return p.rowWithout(s)
		}
		p.covering.add(s, p.decision.At.Add(-p.policy.ClockSkew()))
	case s.Decision == "":
		if !p.undecided {
			p.undecided = true
			p.summary.Undecided++
		}
	case p.decision == nil:
		p.decision = &s
	}
	return nil
}

func (c *covering) add(row standing, notBefore time.Time) {
	of := &c.inTime
	if row.Reconstructed {
		of = &c.reconstructed
	} else if row.Exported.Before(notBefore) {
		of = &c.early
	}
	for _, first := range []*standing{of, &c.any} {
		if first.Row == 0 {
			*first = row
		}
	}
}

// endDecision judges a decision whose rows have all been seen.
func (p *packetComparison) endDecision() error {
	if p.decision == nil {
		return nil
	}
	d, rows := *p.decision, p.covering
	p.decision, p.covering = nil, covering{}
	if !p.inWindow(d.At) {
		return nil
	}
	p.summary.Decisions++
	requirement, known := p.policy.Requirement(d.Decision)
	switch {
	case !known:
		return p.find(d.found(CoverageUnknownDecision, rows.any), "the policy's decisions do not list %.80q: is it mandatory, optional or none?", d.Decision)
	case requirement == policy.None && rows.any.Row > 0:
		return p.find(d.found(CoverageAgainstPolicy, rows.any), "the policy says that %.80q is not exported, and it was", d.Decision)
	case requirement == policy.Mandatory:
		p.summary.Mandatory++
		if rows.any.Row == 0 {
			return p.decisionWithout(d)
		}
	}
	if rows.early.Row > 0 {
		if err := p.early(d, rows.early); err != nil {
			return err
		}
	}
	if requirement == policy.Mandatory {
		return p.judgeTime(d, rows)
	}
	return nil
}

// judgeTime says whether what covers a mandatory decision came in time.
func (p *packetComparison) judgeTime(d standing, rows covering) error {
	row := rows.inTime
	if row.Row == 0 {
		row = rows.reconstructed
	}
	limit := p.policy.MaximumDelay(row.Class)
	deadline := d.At.Add(limit)
	f := d.found(CoverageLate, row)
	switch {
	case row.Row == 0: // early, as was found
		return nil
	case row.Reconstructed:
		f.Kind, f.LateBy = CoverageReconstructed, max(row.complete().Sub(deadline), 0)
		return p.find(f, "it was put together afterwards: its export was complete %v after the decision, and %s exports have %s", row.complete().Sub(d.At), row.Class, allowed(limit))
	case limit > 0 && row.complete().After(deadline.Add(p.policy.ClockSkew())):
		f.LateBy = row.complete().Sub(deadline)
		return p.find(f, "its export was complete %v after the decision, and %s exports have %s", row.complete().Sub(d.At), row.Class, allowed(limit))
	}
	p.summary.InTime++
	return nil
}

func allowed(limit time.Duration) string {
	if limit == 0 {
		return "no limit"
	}
	return limit.String()
}

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

// endPacket judges what is left of a packet when all of it has been seen.
func (p *packetComparison) endPacket() error {
	if err := p.endDecision(); err != nil {
		return err
	}
	for _, d := range p.decisions {
		if err := p.alone(d); err != nil {
			return err
		}
	}
	for _, row := range p.rows {
		if err := p.stray(row); err != nil {
			return err
		}
	}
	*p = packetComparison{comparison: p.comparison}
	return nil
}

// found is a finding about a decision and a row.
func (s standing) found(kind CoverageKind, row standing) CoverageFinding {
	return CoverageFinding{
		Kind: kind, PromotionPacketID: s.ID, PromotionDecision: s.Decision, PromotionDecisionAtUTC: s.At,
		ExportRowID: row.Row, RetentionClass: row.Class, ExportedAtUTC: row.Exported, RecordedAtUTC: row.Recorded,
	}
}

func utc(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
