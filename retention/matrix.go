package retention

import (
	"fmt"
	"time"
)

// Terms is what one class is kept under.
type Terms struct {
	Period    Period `json:"period"`
	Mode      Mode   `json:"mode"`
	LegalHold bool   `json:"legal_hold"` // set a legal hold at once, with the export
}

// Matrix gives each class its terms and holds the rules that classify a packet.
// It is plain data: two matrices with the same fields decide alike.
type Matrix struct {
	Standard  Terms `json:"standard"`
	Extended  Terms `json:"extended"`
	Regulated Terms `json:"regulated"`

	// ExtendedAfterYellowWindows is how many consecutive yellow windows make a
	// promotion extended. Zero turns the rule off.
	ExtendedAfterYellowWindows int `json:"extended_after_yellow_windows"`

	// ExtendedOnException makes a promotion with an executive exception
	// extended.
	ExtendedOnException bool `json:"extended_on_exception"`

	// RegulatedJurisdictions lists the jurisdictions, spelled as in the
	// packets, that make a promotion regulated.
	RegulatedJurisdictions []string `json:"regulated_jurisdictions"`
}

// DefaultMatrix is right for a team that writes nothing: standard for two years
// under governance, extended for five and regulated for seven under compliance.
// An executive exception or two consecutive yellow windows give extended; no
// jurisdiction is listed as regulated until the team lists one.
func DefaultMatrix() Matrix {
	return Matrix{
		Standard:                   Terms{Period: Years(2), Mode: Governance},
		Extended:                   Terms{Period: Years(5), Mode: Compliance},
		Regulated:                  Terms{Period: Years(7), Mode: Compliance},
		ExtendedAfterYellowWindows: 2,
		ExtendedOnException:        true,
	}
}

// Validate refuses a matrix that leaves a class without a period or a known
// mode, or that has a negative threshold. The error names the class.
func (m Matrix) Validate() error {
	for _, c := range Classes() {
		t := m.own(c)
		if err := t.Period.Validate(); err != nil {
			return fmt.Errorf("retention: matrix class %s: %w", c, err)
		}
		if _, err := ParseMode(string(t.Mode)); err != nil {
			return fmt.Errorf("retention: matrix class %s: %w", c, err)
		}
	}
	if m.ExtendedAfterYellowWindows < 0 {
		return fmt.Errorf("retention: matrix: extended_after_yellow_windows is %d: use a positive count, or 0 for off", m.ExtendedAfterYellowWindows)
	}
	return nil
}

// Longest returns the lock of the strongest terms in the matrix, counted from
// at. Whatever explains all evidence, such as the log, is kept under it. It
// carries no legal hold: a hold is placed on an export, not on the log.
func (m Matrix) Longest(at time.Time) Lock {
	lock := m.Strongest(at)
	lock.LegalHold = false
	return lock
}

// Strongest returns the strongest lock that the matrix ever decides on, counted
// from at: what a bucket must be able to keep.
func (m Matrix) Strongest(at time.Time) Lock {
	lock, _ := m.lock(Regulated, at)
	return lock
}

func (m Matrix) own(c Class) Terms {
	switch c {
	case Extended:
		return m.Extended
	case Regulated:
		return m.Regulated
	}
	return m.Standard
}

// lock returns the strongest lock over class c and every class below it, and
// the period that reaches furthest.
func (m Matrix) lock(c Class, at time.Time) (Lock, Period) {
	var lock Lock
	var longest Period
	for _, below := range Classes() {
		t := m.own(below)
		until := t.Period.From(at)
		if until.After(lock.Until) {
			longest = t.Period
		}
		lock = Stronger(lock, Lock{Mode: t.Mode, Until: until, LegalHold: t.LegalHold})
		if below == c {
			break
		}
	}
	if lock.Mode == None {
		lock.Until = time.Time{}
	}
	return lock, longest
}
