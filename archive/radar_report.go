package archive

import (
	"fmt"
	"strings"
	"time"
)

// RadarReport is what the radar saw. It is a plain value: encode it as JSON for a
// dashboard, or write it as text or Markdown.
type RadarReport struct {
	AtUTC   time.Time `json:"at_utc"`   // when it looked
	SoonUTC time.Time `json:"soon_utc"` // up to when is soon
	Exports int       `json:"exports"`  // looked at
	Lapsed  int       `json:"lapsed"`   // by AtUTC
	Soon    int       `json:"soon"`     // between AtUTC and SoonUTC
	Later   int       `json:"later"`    // after that, and before the evidence's own end
	Lapses  []Lapse   `json:"lapses"`   // the soonest first, up to Watch.Most
}

// ExitCode is the report for a pipeline: 0 when nothing lapses soon, 1 when something
// does, 2 when something has lapsed already.
func (r RadarReport) ExitCode() int {
	switch {
	case r.Lapsed > 0:
		return 2
	case r.Soon > 0:
		return 1
	}
	return 0
}

// Unlisted is how many lapses there are beyond those listed.
func (r RadarReport) Unlisted() int { return r.Lapsed + r.Soon + r.Later - len(r.Lapses) }

func (r RadarReport) summary() string {
	s := fmt.Sprintf("%d exports looked at: %d lapsed, %d lapse by %s, %d later", r.Exports, r.Lapsed, r.Soon, r.SoonUTC.Format(time.DateOnly), r.Later)
	if n := r.Unlisted(); n > 0 {
		s += fmt.Sprintf("; %d of these are not listed", n)
	}
	return s
}

// String returns the report as text, two lines a lapse.
func (r RadarReport) String() string {
	var b strings.Builder
	fmt.Fprintln(&b, r.summary())
	for _, l := range r.Lapses {
		fmt.Fprintf(&b, "%s  %s  %s%s: %s\n            %s\n", l.ByUTC.Format(time.DateOnly), l.Kind, l.row(), l.Object, l.Problem, l.Mend)
	}
	return b.String()
}

// Markdown returns the report as a table.
func (r RadarReport) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s.\n\n| by | what | where | why | mend |\n|---|---|---|---|---|\n", r.summary())
	for _, l := range r.Lapses {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | `%s` |\n", l.ByUTC.Format(time.DateOnly), l.Kind, cell(l.row()+l.Object), cell(l.Problem), code(l.Mend))
	}
	return b.String()
}

func (l Lapse) row() string {
	if l.ExportRowID == 0 {
		return ""
	}
	return fmt.Sprintf("row %d, ", l.ExportRowID)
}

// code keeps a call in its code span, and in its cell of a table.
func code(s string) string {
	return strings.NewReplacer("|", `\|`, "`", "'", "\n", " ", "\r", " ").Replace(s)
}
