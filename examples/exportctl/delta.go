package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/holdfast-archive/holdfast/linkage"
)

// deltaForm is how a delta is written. The dots need no quotes in any shell.
const deltaForm = "FIELD=RECORDED..OBSERVED, as crash_free_sessions=99.6%..92.4%, and @SOURCE behind it if another than the incident saw it"

// observation is where the facts of a divergence come from, if they do not say.
type observation struct {
	source string
	at     time.Time
}

// parseDeltas reads the deltas of a command line.
func parseDeltas(texts []string, by observation) ([]linkage.Delta, error) {
	var deltas []linkage.Delta
	for _, text := range texts {
		d, err := parseDelta(text)
		if err != nil {
			return nil, wrongUse("--delta %q: %w", text, err)
		}
		if d.Source == "" {
			d.Source = by.source
		}
		d.ObservedAtUTC = by.at
		deltas = append(deltas, d)
	}
	return deltas, nil
}

// parseDelta reads one. Where it could be read in two ways it is not read at all: what
// a link says stays said.
func parseDelta(text string) (linkage.Delta, error) {
	field, values, found := strings.Cut(text, "=")
	if !found || strings.TrimSpace(field) == "" {
		return linkage.Delta{}, fmt.Errorf("which field? Write %s", deltaForm)
	}
	if strings.HasSuffix(values, "-") {
		return linkage.Delta{}, fmt.Errorf("the shell may have taken what follows for a file: write two dots, or quote the arrow: %s", deltaForm)
	}
	both := strings.Split(strings.NewReplacer("->", "..", "→", "..").Replace(values), "..")
	if len(both) != 2 {
		return linkage.Delta{}, fmt.Errorf("what was recorded, and what was observed? There must be two dots between them, once: %s", deltaForm)
	}
	recorded, observed, source := both[0], both[1], ""
	if at := strings.LastIndex(observed, "@"); at >= 0 {
		observed, source = observed[:at], observed[at+1:]
		if strings.Contains(recorded+observed, "@") {
			return linkage.Delta{}, fmt.Errorf("which @ begins the source? Say with --summary what has an @ of its own")
		}
		if strings.TrimSpace(source) == "" {
			return linkage.Delta{}, fmt.Errorf("there is an @ and no source behind it: %s", deltaForm)
		}
	}
	d := linkage.Delta{Field: strings.TrimSpace(field), Recorded: strings.TrimSpace(recorded), Observed: strings.TrimSpace(observed), Source: strings.TrimSpace(source)}
	if d.Recorded == "" || d.Observed == "" {
		return linkage.Delta{}, fmt.Errorf("what was recorded, and what was observed? %s", deltaForm)
	}
	return d, nil
}
