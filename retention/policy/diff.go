package policy

import (
	"fmt"
	"slices"
	"strings"
)

// Direction says what a change does to exports to come.
type Direction string

// The directions.
const (
	Stronger Direction = "stronger" // kept longer or more firmly, exported more often or sooner, or fewer people may
	Weaker   Direction = "weaker"   // the opposite of one of these, and of none the same
	Unclear  Direction = "unclear"  // stronger for some packets and weaker for others, or nobody can tell
	Neutral  Direction = "neutral"  // it makes no difference to how long or how firmly anything is kept
)

// Change is one thing that two policies say differently.
type Change struct {
	Field     string    `json:"field"`         // such as classes.extended.period, rules.executive-exception.when
	Old       string    `json:"old,omitempty"` // empty if it was added
	New       string    `json:"new,omitempty"` // empty if it was removed
	Direction Direction `json:"direction"`
	Text      string    `json:"text"` // one sentence
}

// Difference is what changes from one policy to another. It is a plain value, and
// marshals to JSON as it stands.
type Difference struct {
	OldSHA256 string   `json:"old_policy_sha256"`
	NewSHA256 string   `json:"new_policy_sha256"`
	Changes   []Change `json:"changes"` // in the order of a policy file
}

// Diff says what would be different under another policy. It looks at the policies
// alone: that a rule's expression was changed is Unclear, since what it does depends
// on the packets; [Compare] tells for given ones. A jurisdiction that is listed
// counts as stronger, since that is what the list is for. Neither policy does
// anything to what is stored already.
func Diff(before, after *Policy) Difference {
	a, b := before.file, after.file
	d := Difference{OldSHA256: before.digest, NewSHA256: after.digest, Changes: []Change{}}
	d.decisions(a, b)
	d.delays(a, b)
	d.classes(a, b)
	d.jurisdictions(a, b)
	d.rules(a.Rules, b.Rules)
	d.roles(a.Roles, b.Roles)
	d.holds(a.LegalHold, b.LegalHold)
	if len(d.Changes) == 0 && before.digest != after.digest {
		d.add("version", "", "", Neutral, "it is written differently, in another order or with what made no difference, to the same effect")
	}
	return d
}

// Weakenings are the changes that keep something shorter or less firmly, or may:
// those that a reviewer has to agree with.
func (d Difference) Weakenings() []Change {
	return slices.DeleteFunc(slices.Clone(d.Changes), func(c Change) bool {
		return c.Direction != Weaker && c.Direction != Unclear
	})
}

// String returns one line a change, the direction first; "no difference" if there
// is none.
func (d Difference) String() string {
	if len(d.Changes) == 0 {
		return "no difference\n"
	}
	var b strings.Builder
	for _, c := range d.Changes {
		fmt.Fprintf(&b, "%-8s  %s: %s\n", c.Direction, c.Field, c.Text)
	}
	return b.String()
}

func (d *Difference) add(field, before, after string, direction Direction, format string, args ...any) {
	d.Changes = append(d.Changes, Change{Field: field, Old: before, New: after, Direction: direction, Text: fmt.Sprintf(format, args...)})
}

// toward is the direction of something that grew when more of it is stronger.
func toward(by int) Direction {
	switch {
	case by > 0:
		return Stronger
	case by < 0:
		return Weaker
	}
	return Neutral
}

// both is the direction of two things together.
func both(a, b Direction) Direction {
	switch {
	case a == b || b == Neutral:
		return a
	case a == Neutral:
		return b
	}
	return Unclear
}

// addedAndRemoved returns what only the second list has, and only the first.
func addedAndRemoved(before, after []string) (added, removed []string) {
	without := func(l, other []string) []string {
		return slices.DeleteFunc(slices.Clone(l), func(s string) bool { return slices.Contains(other, s) })
	}
	return without(after, before), without(before, after)
}
