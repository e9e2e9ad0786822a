package main

import (
	"strings"
	"testing"
	"time"
)

// The table is as the log stood at a row or a time, and so is an export.
func TestAsOf(t *testing.T) {
	s := newSession(t)
	before := time.Now().UTC().Add(-time.Hour).Format(time.RFC3339)
	s.exported() // rows 1 and 2, and the link of INC-1
	s.run(exitDone, "correct", "3", "--set", "incident_ticket_id=INC-2", "--reason", "mistyped")
	for _, c := range []struct {
		asOf            string
		lines           int
		contains, lacks string
	}{
		{before, 1, "export_row_id,", economy},
		{"1", 2, economy, payments},
		{"2", 3, payments, "INC-"},
		{"3", 3, ",INC-1,", ",INC-2,"},
		{"4", 3, ",INC-2,", ",INC-1,"},
		{time.Now().UTC().Add(time.Hour).Format(time.RFC3339), 3, ",INC-2,", ",INC-1,"},
	} {
		out, _ := s.run(exitDone, "csv", "--as-of", c.asOf)
		if n := strings.Count(out, "\n"); n != c.lines || !strings.Contains(out, c.contains) || strings.Contains(out, c.lacks) {
			t.Errorf("as of %s: %d lines:\n%s", c.asOf, n, out)
		}
	}
	out, _ := s.run(exitDone, "csv")
	if last, _ := s.run(exitDone, "csv", "--as-of", "4"); out != last {
		t.Errorf("today is\n%s, and as of the last row\n%s", out, last)
	}
	out, _ = s.run(exitDone, "show", "2", "--as-of", "3")
	s.says(out, "INC-1")
	_, errs := s.run(exitWrongUse, "csv", "--as-of", "tomorrow")
	s.says(errs, "is no time: write 2026-08-01")
	_, errs = s.run(exitWrongUse, "csv", "--as-of", "3", "--jsonl")
	s.says(errs, "give only one of --as-of and --jsonl")
	_, errs = s.run(exitWrongUse, "export", samplePackets+"packet-00", "--reconstructed-by", "release-ops/me")
	s.says(errs, "--reconstructed-by and --reconstructed-from go together")
	out, _ = s.run(exitDone, "csv", "--jsonl", "--from-row", "3")
	if strings.Count(out, "\n") != 2 || !strings.Contains(out, `"kind":"correction"`) {
		t.Errorf("the log's lines from row 3 on:\n%s", out)
	}
}
