package screen

import (
	"fmt"
	"strings"
)

// Problem says on standard error what went wrong, and what to do next.
func (s *Screen) Problem(command, problem, todo string) {
	width := s.errColumns()
	fmt.Fprintln(s.Err, folded(command+": "+indent(problem), width))
	if todo != "" {
		fmt.Fprintln(s.Err, fold("  → ", todo, width, 4))
	}
}

// folded folds each line of a text.
func folded(s string, width int) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = fold("", l, width, 2)
	}
	return strings.Join(lines, "\n")
}

// Complain writes a problem as JSON to standard error.
func (s *Screen) Complain(problem any) {
	// An error of standard error has nowhere to go.
	_ = writeJSON(s.Err, problem)
}

// indent keeps the lines of an error together, and its control characters off the
// terminal.
func indent(problem string) string {
	lines := strings.Split(strings.TrimRight(problem, "\n"), "\n")
	for i, l := range lines {
		lines[i] = Clean(strings.ReplaceAll(l, "\t", "  "))
	}
	return strings.Join(lines, "\n  ")
}
