package archive_test

import (
	"encoding/csv"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/holdfast-archive/holdfast/archive"
)

// hostile is an archive and an input whose ids are made to break out of a table.
func hostile(t testing.TB) (at, archive.CoverageInput) {
	a := withClock(t, someOptional(t))
	a.log(t, ten.Add(25*time.Hour), exported("=late()", "promote", time.Hour))
	*a.now = noon
	return a, archive.CoverageInput{
		Decisions: each([]archive.Decision{decided("=late()", "promote", ten), decided("a|b\n<b>*`", "promote", ten), decided("-1+1", "other", ten.Add(time.Millisecond))}),
		Incidents: each([]archive.Incident{{IncidentTicketID: "@INC", PromotionPacketID: "pp"}, {RollbackEventID: "+rb"}}),
		From:      ten,
	}
}

// Each form says what the value says.
func TestCoverageWriters(t *testing.T) {
	a, in := hostile(t)
	want := a.compare(t, in)
	if len(want.Found) != 5 {
		t.Fatalf("found %v", kinds(want))
	}
	write := func(output func(w *strings.Builder) archive.CoverageOutput) string {
		t.Helper()
		var b strings.Builder
		if _, err := a.Coverage(t.Context(), in, output(&b)); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}

	written := write(func(b *strings.Builder) archive.CoverageOutput { return archive.CoverageJSON(b) })
	var got struct {
		Findings []archive.CoverageFinding `json:"findings"`
		Summary  archive.CoverageSummary   `json:"summary"`
	}
	if err := json.Unmarshal([]byte(written), &got, json.RejectUnknownMembers(true)); err != nil || !slices.Equal(got.Findings, want.Found) {
		t.Errorf("JSON: %v\n%s", err, written)
	}
	if got.Summary.Total() != want.Total() || got.Summary.Mandatory != want.Mandatory || !got.Summary.FromUTC.Equal(ten) || got.Summary.PolicySHA256 == "" {
		t.Errorf("JSON summary: %+v", got.Summary)
	}

	written = write(func(b *strings.Builder) archive.CoverageOutput { return archive.CoverageCSV(b) })
	records, err := csv.NewReader(strings.NewReader(written)).ReadAll()
	if err != nil || len(records) != 6 || !strings.Contains(written, "\r\n") {
		t.Fatalf("CSV: %v\n%s", err, written)
	}
	for i, f := range want.Found {
		if r := records[i+1]; r[0] != string(f.Kind) || strings.TrimPrefix(r[1], "'") != f.PromotionPacketID || r[11] != f.Problem {
			t.Errorf("CSV: %q for %+v", r, f)
		}
		for _, value := range records[i+1] {
			if strings.ContainsAny(value[:min(1, len(value))], "=+-@") {
				t.Errorf("CSV: a spreadsheet takes %q for a formula", value)
			}
		}
	}
	if late := records[slices.IndexFunc(records, func(r []string) bool { return r[0] == "late" })]; late[8] != "3600" || late[6] != "2026-08-10T11:00:00Z" || late[7] != "2026-08-11T11:00:00Z" {
		t.Errorf("CSV: %q", late)
	}

	written = write(func(b *strings.Builder) archive.CoverageOutput { return archive.CoverageMarkdown(b) })
	for _, line := range []string{
		"**There are gaps: 5 findings.**", "decisions from 2026-08-10T10:00:00Z to any time", "| of them mandatory | 2 |", "## missing (1)", "## unlinked (2)",
		"| a\\|b \\<b\\>\\*\\` | promote | 2026-08-10T10:00:00Z |  |  | the policy makes it mandatory",
		"| =late() | promote | 2026-08-10T10:00:00Z | 1 |  | its export was complete 25h0m0s after the decision, and standard exports have 24h0m0s |",
	} {
		if !strings.Contains(written, line) {
			t.Errorf("Markdown does not have %q:\n%s", line, written)
		}
	}
	if gravest, least := strings.Index(written, "## missing"), strings.Index(written, "## late"); gravest < 0 || least < gravest {
		t.Errorf("Markdown: missing at %d, late at %d", gravest, least)
	}
}

// With nothing found, each form is whole all the same.
func TestCoverageWritersWithNothingToSay(t *testing.T) {
	a := withClock(t, someOptional(t))
	in := archive.CoverageInput{Decisions: each[archive.Decision](nil)}
	var js, table, text strings.Builder
	for _, out := range []archive.CoverageOutput{archive.CoverageJSON(&js), archive.CoverageCSV(&table), archive.CoverageMarkdown(&text), nil} {
		if s, err := a.Coverage(t.Context(), in, out); err != nil || s.ExitCode() != 0 {
			t.Errorf("%+v, %v", s, err)
		}
	}
	var v any
	if err := json.Unmarshal([]byte(js.String()), &v); err != nil {
		t.Errorf("JSON: %v\n%s", err, js.String())
	}
	if strings.Count(table.String(), "\n") != 1 || !strings.Contains(text.String(), "**All is covered, and in time.**") {
		t.Errorf("CSV %q, Markdown %q", table.String(), text.String())
	}
}

// Markdown lists so many of a kind, and says how many more there are.
func TestCoverageMarkdownIsForPeople(t *testing.T) {
	a := withClock(t, someOptional(t))
	var b strings.Builder
	_, err := a.Coverage(t.Context(), archive.CoverageInput{Decisions: many(250, func() error { return nil })}, archive.CoverageMarkdown(&b))
	if err != nil || strings.Count(b.String(), "| pp-") != 100 || !strings.Contains(b.String(), "and 150 more") {
		t.Errorf("%v\n%s", err, b.String())
	}
}

func TestCoverageKindsAreAll(t *testing.T) {
	var s archive.CoverageSummary
	for _, k := range archive.CoverageKinds() {
		s.Findings = map[archive.CoverageKind]int64{k: 1}
		want := 1
		if k == archive.CoverageLate || k == archive.CoverageReconstructed {
			want = 3
		}
		if s.ExitCode() != want {
			t.Errorf("%s alone exits with %d, want %d", k, s.ExitCode(), want)
		}
	}
	if n := len(archive.CoverageKinds()); n != 9 {
		t.Errorf("%d kinds", n)
	}
}

// The README shows the example's own lines.
func TestREADMEShowsCoverage(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("coverage_example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(source), "\tvar report")
	snippet, _, _ := strings.Cut("\tvar report"+rest, "\n\n")
	if snippet = strings.ReplaceAll("\n"+snippet, "\n\t", "\n"); !found || !strings.Contains(string(readme), snippet) {
		t.Errorf("the README does not show:%s", snippet)
	}
}
