package linkage

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

var figureColumns = []string{"lane", "release_cycle_id", "promoted", "failed", "rolled_back", "change_failure_rate",
	"time_to_recover_median_s", "time_to_recover_longest_s", "time_to_recover_known", "time_to_recover_observed", "not_known_no_rollback", "not_known_no_start", "export_rows", "link_rows"}

// WriteCSV writes a line for each lane and release cycle. What is not known is empty; times
// are in seconds. A value that a spreadsheet would take for a formula is quoted by an
// apostrophe.
func (f Figures) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	err := out.Write(figureColumns)
	for _, g := range f.Groups {
		if err == nil {
			err = out.Write(g.record())
		}
	}
	out.Flush()
	if err == nil {
		err = out.Error()
	}
	if err != nil {
		return fmt.Errorf("linkage: write figures: %w", err)
	}
	return nil
}

func (f Figure) record() []string {
	rate, median, longest := "", "", ""
	if r, ok := f.FailureRate(); ok {
		rate = strconv.FormatFloat(r, 'f', 4, 64)
	}
	if f.Recover.Known > 0 {
		median, longest = seconds(f.Recover.Median), seconds(f.Recover.Longest)
	}
	record := []string{unformula(f.Lane), unformula(f.ReleaseCycleID), strconv.Itoa(f.Promoted), strconv.Itoa(f.Failed), strconv.Itoa(f.RolledBack), rate, median, longest}
	for _, n := range []int{f.Recover.Known, f.Recover.Observed, f.Recover.NoRollback, f.Recover.NoStart, f.ExportRows, f.LinkRows} {
		record = append(record, strconv.Itoa(n))
	}
	return record
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 0, 64) }

// unformula keeps a value from being taken for a formula.
func unformula(value string) string {
	if value != "" && strings.ContainsRune("=+-@\t\r\n", rune(value[0])) {
		return "'" + value
	}
	return value
}

// Markdown returns the figures as a table, with what they rest on and what is not known.
func (f Figures) Markdown() string {
	var b strings.Builder
	b.WriteString("| lane | release cycle | promoted | failed | change failure rate | time to recover | rests on |\n|---|---|---|---|---|---|---|\n")
	for _, g := range f.Groups {
		b.WriteString(g.line(cell(orNone(g.Lane)), cell(orNone(g.ReleaseCycleID))))
	}
	b.WriteString(f.All.line("**all**", ""))
	if f.Unverified > 0 {
		fmt.Fprintf(&b, "\n%d promotions are in no lane: their packets do not verify.\n", f.Unverified)
	}
	if f.Damage != "" {
		fmt.Fprintf(&b, "\nPart of the log could not be read: %s\n", cell(f.Damage))
	}
	return b.String()
}

func (f Figure) line(lane, cycle string) string {
	return fmt.Sprintf("| %s | %s | %d | %d | %s | %s | %s |\n", lane, cycle, f.Promoted, f.Failed, f.Rate(), f.Recover, f.RestsOn())
}

// Rate is the failure rate in words: a percentage, or that it is not known.
func (f Figure) Rate() string {
	rate, ok := f.FailureRate()
	if !ok {
		return "not known"
	}
	return fmt.Sprintf("%.1f%%", 100*rate)
}

// RestsOn says how many rows the figure rests on.
func (f Figure) RestsOn() string {
	return fmt.Sprintf("%d export rows, %d link rows", f.ExportRows, f.LinkRows)
}

// String says what is known, and of how many it is not.
func (r Recovery) String() string {
	var parts []string
	switch {
	case r.Known == 1:
		parts = append(parts, span(r.Median)+" (1 known)")
	case r.Known > 1:
		parts = append(parts, fmt.Sprintf("median %s, at most %s (%d known)", span(r.Median), span(r.Longest), r.Known))
	}
	if r.NoRollback > 0 {
		parts = append(parts, fmt.Sprintf("%d without a rollback", r.NoRollback))
	}
	if r.NoStart > 0 {
		parts = append(parts, fmt.Sprintf("%d whose start no row says", r.NoStart))
	}
	if len(parts) == 0 {
		return "nothing failed"
	}
	return strings.Join(parts, "; ")
}

func orNone(s string) string {
	if s == "" {
		return "not stated"
	}
	return s
}
