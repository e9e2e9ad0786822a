package screen

import (
	"fmt"
	"strings"
)

// Problem says on standard error what went wrong, and what to do next.
func (s *Screen) Problem(command, problem, todo string) {
	fmt.Fprintf(s.Err, "%s: %s\n", command, indent(problem))
	if todo != "" {
		fmt.Fprintf(s.Err, "  → %s\n", todo)
	}
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
