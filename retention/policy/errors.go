package policy

import (
	"errors"
	"fmt"
	"strings"
)

// ErrNotAllowed: the policy does not let somebody do this.
var ErrNotAllowed = errors.New("not allowed by the policy")

// Problem is one thing that is wrong in a policy file.
type Problem struct {
	Line, Column int    // in the file, from 1; 0 if unknown
	Field        string // such as classes.extended.period, rules.0.when
	Problem      string
	Fix          string // what to do about it

	path         []string // of the field, where dots do not tell
	atKey        bool     // the field's name is what is wrong, not its value
	line, column int      // within the field's text, of a CEL expression
}

// String returns the problem as line:column: field: what is wrong; what to do.
func (p Problem) String() string {
	var b strings.Builder
	if p.Line > 0 {
		fmt.Fprintf(&b, "%d:%d: ", p.Line, p.Column)
	}
	if p.Field != "" {
		fmt.Fprintf(&b, "%s: ", p.Field)
	}
	b.WriteString(p.Problem)
	if p.Fix != "" {
		fmt.Fprintf(&b, "; %s", p.Fix)
	}
	return b.String()
}

// FileError lists all that is wrong in a policy file, in the order of its lines.
type FileError struct {
	Name     string
	Problems []Problem
}

func (e *FileError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = fmt.Sprintf("%s:%s", e.Name, p)
	}
	return "policy: " + strings.Join(lines, "\n        ")
}
