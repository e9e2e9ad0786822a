package policy

import (
	"fmt"
	"strings"
	"time"

	"github.com/sosodev/duration"

	"github.com/holdfast-archive/holdfast/retention"
)

// File is what a policy file says.
type File struct {
	Version      int                      `json:"version"` // 1
	Decisions    map[string]Requirement   `json:"decisions"`
	ClockSkew    Span                     `json:"clock_skew"`
	MaximumDelay map[retention.Class]Span `json:"maximum_delay,omitempty"` // from the decision to the completed export; no entry is no limit

	Classes                map[retention.Class]Class `json:"classes"`
	RegulatedJurisdictions []string                  `json:"regulated_jurisdictions,omitempty"`
	Rules                  []Rule                    `json:"rules,omitempty"`

	Roles     Roles     `json:"roles,omitzero"`
	LegalHold LegalHold `json:"legal_hold,omitzero"`
}

// Requirement says what is done with packets of a promotion_decision.
type Requirement string

// The requirements.
const (
	Mandatory Requirement = "mandatory" // it must be exported
	Optional  Requirement = "optional"  // it may be
	None      Requirement = "none"      // it is an error to export it
)

// Class is what a retention class is kept under.
type Class struct {
	Period       retention.Period `json:"period"`
	Mode         retention.Mode   `json:"mode"`
	LegalHold    bool             `json:"legal_hold,omitempty"`    // set a hold with the export
	StorageTiers []Tier           `json:"storage_tiers,omitempty"` // hints for the bucket's lifecycle
	EnforcedBy   []string         `json:"enforced_by,omitempty"`   // such as bucket, ticket-archive
}

// Tier moves objects to cheaper storage when they have lain for a while.
type Tier struct {
	After retention.Period `json:"after"` // in days
	Tier  string           `json:"tier"`  // cool, cold or archive
}

// Rule gives packets a class.
type Rule struct {
	Name    string          `json:"name"`
	When    string          `json:"when"` // CEL
	Class   retention.Class `json:"class"`
	Because string          `json:"because,omitempty"`
}

// Roles lists who may do what. A role is the part of a name before its first slash
// or colon: release-ops/pipeline-42 has the role release-ops. An empty list leaves
// it to the bucket's permissions.
type Roles struct {
	Export      []string `json:"export,omitempty"`
	Read        []string `json:"read,omitempty"` // for the documents made of a policy; the bucket enforces it
	Hold        []string `json:"hold,omitempty"`
	Release     []string `json:"release,omitempty"`
	Acknowledge []string `json:"acknowledge,omitempty"` // a link of an incident
}

// LegalHold says how holds are handled.
type LegalHold struct {
	ReleaseByAnotherPerson bool `json:"release_by_another_person,omitempty"`
}

// Span is a length of time on the clock: an ISO 8601 duration of weeks, days (of 24
// hours), hours, minutes and seconds.
type Span time.Duration

// String returns the ISO 8601 form.
func (s Span) String() string { return duration.Format(time.Duration(s)) }

// Words returns it in words, such as "4 hours".
func (s Span) Words() string {
	var words []string
	rest := time.Duration(s)
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		n := rest / unit.length
		rest -= n * unit.length
		switch {
		case n == 1:
			words = append(words, "1 "+unit.name)
		case n != 0:
			words = append(words, fmt.Sprintf("%d %ss", n, unit.name))
		}
	}
	if len(words) == 0 {
		return "no time"
	}
	return strings.Join(words, ", ")
}

// MarshalText writes the ISO 8601 form.
func (s Span) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the ISO 8601 form.
func (s *Span) UnmarshalText(text []byte) error {
	d, err := duration.Parse(string(text))
	if err != nil || d.Years != 0 || d.Months != 0 || d.Negative || d.Weeks > 5000 || d.Days > 36600 || d.Hours > 1e6 || d.Minutes > 1e8 || d.Seconds > 1e9 {
		return fmt.Errorf("%.40q is not a duration of up to a century such as P1D or PT4H", text)
	}
	*s = Span(d.ToTimeDuration())
	return nil
}
