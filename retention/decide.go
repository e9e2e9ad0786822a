package retention

import (
	"fmt"
	"slices"
	"time"
)

// Facts are what the rules look at, read from a packet's header. Absent facts
// are zero.
type Facts struct {
	AtLeast                  Class // the packet's own retention_class, if it names one
	ExecutiveExceptionID     string
	ConsecutiveYellowWindows int
	Jurisdictions            []string
}

// Decision says under which terms a packet is kept and why. It is a plain
// value, and two decisions over the same facts and time are equal.
type Decision struct {
	Class   Class
	Reasons []string // one for each rule that fired, in the order of the classes; never empty
	Period  Period   // the period that reaches furthest among the matched terms
	Lock    Lock     // what the store must enforce
}

// Decide classifies facts and returns the terms that follow, counted from at,
// the time of the export. It fails only on an invalid matrix, or on facts that
// name an unknown class.
func (m Matrix) Decide(f Facts, at time.Time) (Decision, error) {
	if err := m.Validate(); err != nil {
		return Decision{}, err
	}
	d := Decision{Class: Standard}
	raise := func(c Class, format string, args ...any) {
		d.Class = c // the rules below run from the weakest class to the strongest
		d.Reasons = append(d.Reasons, fmt.Sprintf(format, args...))
	}
	if m.ExtendedOnException && f.ExecutiveExceptionID != "" {
		raise(Extended, "executive exception %s", f.ExecutiveExceptionID)
	}
	if n := m.ExtendedAfterYellowWindows; n > 0 && f.ConsecutiveYellowWindows >= n {
		raise(Extended, "%d consecutive yellow windows (extended from %d)", f.ConsecutiveYellowWindows, n)
	}
	for _, j := range f.Jurisdictions {
		if slices.Contains(m.RegulatedJurisdictions, j) {
			raise(Regulated, "jurisdiction %s is listed as regulated", j)
		}
	}
	if f.AtLeast != "" {
		asked, err := ParseClass(string(f.AtLeast))
		if err != nil {
			return Decision{}, err
		}
		if slices.Index(Classes(), asked) >= slices.Index(Classes(), d.Class) {
			raise(asked, "the packet asks for %s", asked)
		}
	}
	if len(d.Reasons) == 0 {
		d.Reasons = []string{"no rule asks for more than standard"}
	}
	d.Lock, d.Period = m.lock(d.Class, at)
	return d, nil
}
