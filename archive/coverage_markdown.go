package archive

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// markdownRows is how many findings of each kind a Markdown report lists. It is for
// people to read; the other formats have them all.
const markdownRows = 100

// CoverageMarkdown writes a report for people: what was compared, whether all is
// covered, and a table of each kind of finding, gravest first, with up to 100 of them.
// Nothing is written before the summary is known.
func CoverageMarkdown(w io.Writer) CoverageOutput {
	return &coverageMarkdown{w: w, found: map[CoverageKind][]CoverageFinding{}}
}

type coverageMarkdown struct {
	w     io.Writer
	found map[CoverageKind][]CoverageFinding
}

func (m *coverageMarkdown) Finding(f CoverageFinding) error {
	if len(m.found[f.Kind]) < markdownRows {
		m.found[f.Kind] = append(m.found[f.Kind], f)
	}
	return nil
}

func (m *coverageMarkdown) Summary(s CoverageSummary) error {
	out := bufio.NewWriter(m.w)
	fmt.Fprintf(out, "# Export coverage\n\n%s\n\n", verdict(s))
	fmt.Fprintf(out, "Compared at %s, decisions from %s to %s, policy `%s`.\n\n", utc(s.ComparedAtUTC.Truncate(time.Second)), bound(unlessZero(s.FromUTC)), bound(unlessZero(s.ToUTC)), s.PolicySHA256)
	fmt.Fprintf(out, "| | |\n|---|---:|\n")
	for _, line := range []struct {
		what string
		n    int64
	}{
		{"decisions", s.Decisions}, {"of them mandatory", s.Mandatory}, {"of those exported in time", s.InTime}, {"not exported yet, and still in time", s.Due},
		{"packets without a decision yet", s.Undecided}, {"export rows", s.Exports}, {"incidents and rollbacks", s.Incidents}, {"of them linked", s.Linked},
	} {
		fmt.Fprintf(out, "| %s | %d |\n", line.what, line.n)
	}
	for _, kind := range CoverageKinds() {
		m.table(out, kind, s.Findings[kind])
	}
	return out.Flush()
}

func verdict(s CoverageSummary) string {
	switch s.ExitCode() {
	case 0:
		return "**All is covered, and in time.**"
	case 3:
		return fmt.Sprintf("**All is exported and linked, %d too late.**", s.Total())
	}
	if s.Total() == 1 {
		return "**There is a gap: 1 finding.**"
	}
	return fmt.Sprintf("**There are gaps: %d findings.**", s.Total())
}

func bound(t string) string {
	if t == "" {
		return "any time"
	}
	return t
}

func (m *coverageMarkdown) table(out io.Writer, kind CoverageKind, n int64) {
	if n == 0 {
		return
	}
	fmt.Fprintf(out, "\n## %s (%d)\n\n| promotion_packet_id | promotion_decision | promotion_decision_at_utc | export_row_id | incident | problem |\n|---|---|---|---:|---|---|\n", kind, n)
	for _, f := range m.found[kind] {
		fmt.Fprintf(out, "| %s | %s | %s | %s | %s | %s |\n", cell(f.PromotionPacketID), cell(f.PromotionDecision), unlessZero(f.PromotionDecisionAtUTC),
			numberUnlessZero(f.ExportRowID), cell(f.IncidentTicketID+f.RollbackEventID), cell(f.Problem))
	}
	if listed := int64(len(m.found[kind])); listed < n {
		fmt.Fprintf(out, "\nand %d more, which CSV and JSON list.\n", n-listed)
	}
}

// cell spells a value so that it stays in its cell of a table and is nothing but text that
// can be seen: what a terminal or a page would obey is written as an escape of Go's.
func cell(value string) string {
	var b strings.Builder
	for _, r := range value {
		switch {
		case unicode.IsSpace(r):
			r = ' '
		case !unicode.IsPrint(r):
			b.WriteString(`\\` + strings.Trim(strconv.QuoteRune(r), `'\`))
			continue
		case strings.ContainsRune("\\`*_[]<>|&~$!", r):
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
