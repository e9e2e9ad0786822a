package linkage

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The bounds of what a divergence says.
const (
	MaxIDBytes      = 512      // of an id, and of each text in a delta
	MaxDeltas       = 64       // of one divergence
	MaxSummaryBytes = 16 << 10 // of a divergence_summary, deltas and free text together
)

// Delta is one fact of a divergence: what was recorded when the promotion was decided,
// and what was observed since.
type Delta struct {
	Field         string // such as crash_free_sessions
	Recorded      string // in the packet, its scorecard or playbook
	Observed      string // live
	Source        string // who or what observed it, such as a dashboard or an incident
	ObservedAtUTC time.Time
}

// String returns the delta as a divergence_summary has it, on a line of its own:
//
//	crash_free_sessions: recorded "99.6%", observed "92.4%" at 2026-08-11T09:53:00Z ("incident INC-2888")
func (d Delta) String() string {
	return fmt.Sprintf("%s: recorded %q, observed %q at %s (%q)", d.Field, d.Recorded, d.Observed, d.ObservedAtUTC.UTC().Format(time.RFC3339Nano), d.Source)
}

// Summary returns the divergence_summary of some deltas and free text: a line for each
// delta, by time, field and source, each once, and the text after them. The same facts
// give the same text in whatever order they come.
func Summary(deltas []Delta, text string) string {
	ordered := slices.SortedFunc(slices.Values(deltas), func(a, b Delta) int {
		return cmp.Or(a.ObservedAtUTC.Compare(b.ObservedAtUTC), cmp.Compare(a.String(), b.String()))
	})
	var lines []string
	for _, d := range ordered {
		lines = append(lines, d.String())
	}
	if lines = slices.Compact(lines); strings.TrimSpace(text) != "" {
		lines = append(lines, text)
	}
	return strings.Join(lines, "\n")
}

var deltaLine = regexp.MustCompile(`^(.+?): recorded ("(?:[^"\\]|\\.)*"), observed ("(?:[^"\\]|\\.)*") at (\S+) \(("(?:[^"\\]|\\.)*")\)$`)

// ParseSummary takes a divergence_summary apart into the deltas it states and the
// free text that follows them.
func ParseSummary(summary string) (deltas []Delta, text string) {
	rest := summary
	for rest != "" {
		line, after, _ := strings.Cut(rest, "\n")
		d, ok := parseDelta(line)
		if !ok {
			break
		}
		deltas, rest = append(deltas, d), after
	}
	return deltas, rest
}

func parseDelta(line string) (Delta, bool) {
	m := deltaLine.FindStringSubmatch(line)
	if m == nil {
		return Delta{}, false
	}
	recorded, errRecorded := strconv.Unquote(m[2])
	observed, errObserved := strconv.Unquote(m[3])
	at, errAt := time.Parse(time.RFC3339Nano, m[4])
	source, errSource := strconv.Unquote(m[5])
	ok := errRecorded == nil && errObserved == nil && errAt == nil && errSource == nil
	return Delta{Field: m[1], Recorded: recorded, Observed: observed, Source: source, ObservedAtUTC: at.UTC()}, ok
}

func (d Delta) validate() error {
	switch {
	case d.Field == "" || strings.Contains(d.Field, ": "):
		return fmt.Errorf("%w: a delta's field %.80q must be a name", ErrBadDivergence, d.Field)
	case d.Source == "":
		return fmt.Errorf("%w: the delta of %.80q has no source; who or what observed it?", ErrBadDivergence, d.Field)
	case d.ObservedAtUTC.IsZero():
		return fmt.Errorf("%w: the delta of %.80q does not say when it was observed", ErrBadDivergence, d.Field)
	case d.Recorded == d.Observed:
		return fmt.Errorf("%w: the delta of %.80q says that %.80q was recorded and observed; that is no divergence", ErrBadDivergence, d.Field, d.Observed)
	}
	for _, text := range []string{d.Field, d.Recorded, d.Observed, d.Source} {
		if !isPlain(text) {
			return fmt.Errorf("%w: delta of %.80q: %.80q: it must be UTF-8 of at most %d bytes without control characters", ErrBadDivergence, d.Field, text, MaxIDBytes)
		}
	}
	return nil
}

// isPlain reports whether a text is one that fits into a line.
func isPlain(text string) bool {
	return len(text) <= MaxIDBytes && utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

// Deltas returns the facts that an event states in its field deltas, a list of objects
// with field, recorded and observed, and perhaps source and observed_at_utc. What an
// entry does not say is taken from the event: it is the source, and its time the time.
// Entries of another form are left out; they stay in Fields.
func (e Event) Deltas() []Delta {
	list, _ := e.Fields["deltas"].([]any)
	var deltas []Delta
	for _, entry := range list {
		fields, ok := entry.(map[string]any)
		if !ok {
			continue
		}
		text := func(name string) string {
			if v := fields[name]; v != nil {
				return fmt.Sprint(v)
			}
			return ""
		}
		d := Delta{Field: text("field"), Recorded: text("recorded"), Observed: text("observed"), Source: text("source"), ObservedAtUTC: e.AtUTC}
		if d.Source == "" {
			d.Source = e.name()
		}
		if at, err := time.Parse(time.RFC3339, text("observed_at_utc")); err == nil {
			d.ObservedAtUTC = at.UTC()
		}
		if d.Field != "" {
			deltas = append(deltas, d)
		}
	}
	return deltas
}

// name is how we call an event: "incident INC-2888".
func (e Event) name() string {
	for _, id := range []string{e.IncidentTicketID, e.RollbackEventID, e.DeployID} {
		if id != "" {
			return e.Type + " " + id
		}
	}
	return e.Type
}
