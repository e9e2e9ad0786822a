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

// Matrix gives each class its terms. It is plain data: two matrices with the same
// fields give the same locks.
type Matrix struct {
	Standard  Terms `json:"standard"`
	Extended  Terms `json:"extended"`
	Regulated Terms `json:"regulated"`
}

// Validate refuses a matrix that leaves a class without a period or a known
// mode. The error names the class.
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
	lock, _ := m.Lock(Regulated, at)
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

// Lock returns the strongest lock over class c and every class below it, counted
// from at, and the period that reaches furthest. A class that it does not know gets what
// the strongest does.
func (m Matrix) Lock(c Class, at time.Time) (Lock, Period) {
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
