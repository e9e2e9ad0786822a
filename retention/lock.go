package retention

import (
	"fmt"
	"time"
)

// Lock is what a store enforces on one version of one object: it may not be
// deleted or replaced before Until, nor while LegalHold is set. The two are
// independent of each other, as they are on every cloud. The zero Lock locks
// nothing.
type Lock struct {
	Mode      Mode      // None, Governance or Compliance; the zero value is None
	Until     time.Time // UTC; zero when Mode is None
	LegalHold bool
}

// Validate refuses a lock that contradicts itself or that no store can keep:
// an unknown mode, a mode without a date, a date without a mode, or a date that
// is not in UTC.
func (l Lock) Validate() error {
	switch l.Mode {
	case "", None:
		if !l.Until.IsZero() {
			return fmt.Errorf("retention: lock has a date (%s) but no mode: set governance or compliance", l.Until.Format(time.RFC3339))
		}
		return nil
	case Governance, Compliance:
		if l.Until.IsZero() {
			return fmt.Errorf("retention: lock mode %s has no date: set Until", l.Mode)
		}
		if l.Until.Location() != time.UTC {
			return fmt.Errorf("retention: lock date %s is not in UTC", l.Until.Format(time.RFC3339))
		}
		return nil
	}
	_, err := ParseMode(string(l.Mode))
	return err
}

// Stronger returns the weakest lock that is at least as strong as both a and b:
// the stricter mode, the later date, and a legal hold if either has one.
func Stronger(a, b Lock) Lock {
	until := a.Until
	if b.Until.After(until) {
		until = b.Until
	}
	return Lock{Mode: stricter(a.Mode, b.Mode), Until: until, LegalHold: a.LegalHold || b.LegalHold}
}

// Covers reports whether l protects at least as long and as firmly as want.
func (l Lock) Covers(want Lock) bool {
	return l.equal(Stronger(l, want))
}

func (l Lock) equal(m Lock) bool {
	return stricter(l.Mode, None) == stricter(m.Mode, None) && l.Until.Equal(m.Until) && l.LegalHold == m.LegalHold
}

// HeldAt reports whether l forbids deletion at time t.
func (l Lock) HeldAt(t time.Time) bool {
	return l.LegalHold || l.Until.After(t)
}

// String returns the lock in words, such as
// "compliance until 2033-11-24T00:00:00Z, legal hold".
func (l Lock) String() string {
	s := "no retention"
	if !l.Until.IsZero() {
		s = fmt.Sprintf("%s until %s", l.Mode, l.Until.UTC().Format(time.RFC3339))
	}
	if l.LegalHold {
		s += ", legal hold"
	}
	return s
}
