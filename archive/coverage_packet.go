package archive

import (
	"math"
	"time"

	"github.com/holdfast-archive/holdfast/retention/policy"
)

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
		f.Kind, f.LateBySeconds = CoverageReconstructed, secondsAfter(deadline, row.complete())
		return p.find(f, "it was put together afterwards: its export was complete %v after the decision, and %s exports have %s", row.complete().Sub(d.At), row.Class, allowed(limit))
	case limit > 0 && row.complete().After(deadline.Add(p.policy.ClockSkew())):
		f.LateBySeconds = secondsAfter(deadline, row.complete())
		return p.find(f, "its export was complete %v after the decision, and %s exports have %s", row.complete().Sub(d.At), row.Class, allowed(limit))
	}
	p.summary.InTime++
	return nil
}

// secondsAfter is how late something is, rounded up; 0 if it is not.
func secondsAfter(deadline, at time.Time) int64 {
	return int64(math.Ceil(max(at.Sub(deadline), 0).Seconds()))
}

func allowed(limit time.Duration) string {
	if limit == 0 {
		return "no limit"
	}
	return limit.String()
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
