package retention

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrUnknown is matched by errors about a class, mode or period this package
// does not know.
var ErrUnknown = errors.New("retention: unknown value")

// Class is the retention_class of an export. The zero Class is not a class.
type Class string

// The classes, weakest first.
const (
	Standard  Class = "standard"
	Extended  Class = "extended"
	Regulated Class = "regulated"
)

// Classes returns the classes, weakest first.
func Classes() []Class { return []Class{Standard, Extended, Regulated} }

// ParseClass reads a retention_class as it is spelled in rows and packets. An
// unknown spelling is an error that matches [ErrUnknown].
func ParseClass(s string) (Class, error) {
	if c := Class(s); slices.Contains(Classes(), c) {
		return c, nil
	}
	return "", fmt.Errorf("%w: retention_class %q; use one of %s", ErrUnknown, s, join(Classes()))
}

// Mode says how firmly a lock holds, in the words S3 Object Lock made common.
type Mode string

// The modes, weakest first.
const (
	// None sets no retention; a legal hold may still be in force.
	None Mode = "none"
	// Governance can be lifted early by somebody with a special permission.
	Governance Mode = "governance"
	// Compliance can be lifted early by nobody.
	Compliance Mode = "compliance"
)

// Modes returns the modes, weakest first.
func Modes() []Mode { return []Mode{None, Governance, Compliance} }

// ParseMode reads a mode. An unknown spelling is an error that matches
// [ErrUnknown].
func ParseMode(s string) (Mode, error) {
	if m := Mode(s); slices.Contains(Modes(), m) {
		return m, nil
	}
	return "", fmt.Errorf("%w: lock mode %q; use one of %s", ErrUnknown, s, join(Modes()))
}

// stricter returns the stricter of two modes. The zero Mode counts as None.
func stricter(a, b Mode) Mode {
	if slices.Index(Modes(), b) > slices.Index(Modes(), a) {
		return b
	}
	if a == "" {
		return None
	}
	return a
}

func join[T ~string](values []T) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = string(v)
	}
	return strings.Join(words, ", ")
}
