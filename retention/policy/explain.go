package policy

import (
	"fmt"
	"slices"
	"time"

	"github.com/holdfast-archive/holdfast/retention"
)

// Explanation says how a packet is kept, and why. It is a plain value; the same
// facts, policy and time give the same one.
type Explanation struct {
	Requirement    Requirement      `json:"requirement"` // empty if the policy does not know the decision
	RetentionClass retention.Class  `json:"retention_class"`
	Fired          []Fired          `json:"rules"` // every rule that held, in the order of the policy
	Period         retention.Period `json:"period"`
	Mode           retention.Mode   `json:"mode"`
	RetainUntilUTC time.Time        `json:"retain_until_utc,omitzero"` // zero without a lock
	LegalHold      bool             `json:"legal_hold"`
	MaximumDelay   Span             `json:"maximum_delay,omitzero"`
	EnforcedBy     []string         `json:"enforced_by,omitempty"`
	PolicySHA256   string           `json:"policy_sha256"`
}

// Lock is what the store must enforce.
func (e Explanation) Lock() retention.Lock {
	return retention.Lock{Mode: e.Mode, Until: e.RetainUntilUTC, LegalHold: e.LegalHold}
}

// Reasons are the rules that fired, in words; never empty.
func (e Explanation) Reasons() []string {
	if len(e.Fired) == 0 {
		return []string{"no rule asks for more than standard"}
	}
	reasons := make([]string, len(e.Fired))
	for i, f := range e.Fired {
		reasons[i] = f.String()
	}
	return reasons
}

// Explain classifies a packet as of the time of its export. Every rule that holds
// counts, and the strongest class wins. A rule that cannot be evaluated, such as one
// that names a field which the packet does not have, counts as one that holds, and
// says so: evidence is rather kept too long than too short. Facts that name an
// unknown class are an error.
func (p *Policy) Explain(f Facts, at time.Time) (Explanation, error) {
	e := Explanation{RetentionClass: retention.Standard, PolicySHA256: p.digest}
	e.Requirement, _ = p.Requirement(f.PromotionDecision)
	activation := p.activation(f)
	for _, r := range p.rules {
		holds, err := r.holds(activation)
		if err != nil {
			e.fire(r.Name, r.Class, fmt.Sprintf("the rule could not be evaluated (%v), so it counts; guard a field that may be absent with has(packet.field)", err))
		} else if holds {
			e.fire(r.Name, r.Class, r.Because)
		}
	}
	if f.AtLeast != "" {
		asked, err := retention.ParseClass(string(f.AtLeast))
		if err != nil {
			return Explanation{}, err
		}
		e.fire("packet", asked, "the packet asks for "+string(asked))
	}
	lock, period := p.matrix.Lock(e.RetentionClass, at)
	e.Period, e.Mode, e.RetainUntilUTC, e.LegalHold = period, lock.Mode, lock.Until, lock.LegalHold
	e.MaximumDelay = p.file.MaximumDelay[e.RetentionClass]
	e.EnforcedBy = slices.Clone(p.file.Classes[e.RetentionClass].EnforcedBy)
	return e, nil
}

// fire notes a rule and raises the class to its.
func (e *Explanation) fire(name string, c retention.Class, because string) {
	e.Fired = append(e.Fired, Fired{Name: name, Class: c, Because: because})
	if slices.Index(retention.Classes(), c) > slices.Index(retention.Classes(), e.RetentionClass) {
		e.RetentionClass = c
	}
}
