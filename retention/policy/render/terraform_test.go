package render_test

import (
	"regexp"
	"strings"
	"testing"
)

// The forms of a line of Terraform that is made here.
var (
	blockLine    = regexp.MustCompile(`^( *)([a-z0-9_]+)( "[a-zA-Z0-9_-]+")* \{$`)
	emptyBlock   = regexp.MustCompile(`^ *[a-z_]+ \{\}$`)
	closeLine    = regexp.MustCompile(`^( *)\}$`)
	argumentLine = regexp.MustCompile(`^ *([a-z0-9_]+) += ("[^"]*"|true|false|\d+|\[.*\]|[a-z0-9_.]+|[a-z]+\(.*\)(\.[A-Za-z]+)?|\[|\{)( #.*)?$`)
	elementLine  = regexp.MustCompile(`^ *"[^"]*",$`)
	listEnd      = regexp.MustCompile(`^ *\]$`)
)

// parseTerraform holds a file to the few forms that it is made of, and its blocks to
// being closed where they were opened.
func parseTerraform(t *testing.T, text string) {
	t.Helper()
	var open []string // the indents of the blocks that are open
	for i, line := range strings.Split(text, "\n") {
		line, trimmed := line, strings.TrimSpace(line)
		switch {
		case trimmed == "" || strings.HasPrefix(trimmed, "#") || emptyBlock.MatchString(line) || elementLine.MatchString(line) || listEnd.MatchString(line):
		case blockLine.MatchString(line):
			open = append(open, blockLine.FindStringSubmatch(line)[1])
		case closeLine.MatchString(line):
			if len(open) == 0 || open[len(open)-1] != closeLine.FindStringSubmatch(line)[1] {
				t.Errorf("line %d closes what was not opened there", i+1)
				return
			}
			open = open[:len(open)-1]
		case argumentLine.MatchString(line):
			if strings.HasSuffix(line, "{") {
				open = append(open, line[:len(line)-len(strings.TrimLeft(line, " "))])
			}
		default:
			t.Errorf("line %d is nothing that Terraform knows: %s", i+1, line)
		}
	}
	if len(open) > 0 {
		t.Errorf("%d blocks are not closed", len(open))
	}
}
