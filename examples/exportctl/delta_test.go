package main

import (
	"strings"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/linkage"
)

func TestParseDeltas(t *testing.T) {
	by := observation{source: "incident INC-1", at: time.Date(2026, 8, 11, 9, 53, 0, 0, time.UTC)}
	for text, want := range map[string]linkage.Delta{
		"crash_free_sessions=99.6%..92.4%":                {Field: "crash_free_sessions", Recorded: "99.6%", Observed: "92.4%", Source: by.source},
		"crash_free_sessions=99.6%->92.4%@grafana/mobile": {Field: "crash_free_sessions", Recorded: "99.6%", Observed: "92.4%", Source: "grafana/mobile"},
		" version = 1.2.3 → 1.2.4 @ the pager ":           {Field: "version", Recorded: "1.2.3", Observed: "1.2.4", Source: "the pager"},
		"query=a=b..a=c": {Field: "query", Recorded: "a=b", Observed: "a=c", Source: by.source},
		"endpoint=https://a.example..https://b.example@me": {Field: "endpoint", Recorded: "https://a.example", Observed: "https://b.example", Source: "me"},
	} {
		want.ObservedAtUTC = by.at
		got, err := parseDeltas([]string{text}, by)
		if err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("%q: %+v, %v; want %+v", text, got, err, want)
		}
	}
}

// What could be read in two ways, or not at all, is not read, and the error says how it
// is written.
func TestBadDeltas(t *testing.T) {
	for text, says := range map[string]string{
		"":                     "which field",
		"crash_free":           "which field",
		"=1..2":                "which field",
		"crash_free=1":         "two dots",
		"crash_free=1-":        "the shell",
		"crash_free=1..2..3":   "two dots",
		"crash_free=..2":       "what was recorded",
		"crash_free=1..":       "what was recorded",
		"crash_free=1..2@":     "no source behind it",
		"image=a@x..b@y":       "which @",
		"image=a..b@y@grafana": "which @",
	} {
		_, err := parseDeltas([]string{text}, observation{})
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v; want an error that says %q", text, err, says)
		}
	}
}
