package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The story has the figures of its lane and release cycle, if that is asked for, on the page
// as on the terminal.
func TestLineageWithFigures(t *testing.T) {
	s := newSession(t)
	s.exported()
	page := filepath.Join(s.dir, "page.html")
	s.run(exitDone, "lineage", "INC-1", "--figures", "--output", page)
	html, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	s.says(string(html), "Change failure rate", "100.0%, 1 of 1")
	out, _ := s.run(exitDone, "lineage", "--packet", payments, "--figures")
	s.says(out, "failure rate", "100.0%", "50.0%")
	out, _ = s.run(exitDone, "lineage", "INC-1")
	if strings.Contains(out, "failure rate") {
		t.Errorf("nobody asked for figures:\n%s", out)
	}
	// Bounded to before any decision, they are of nothing.
	out, _ = s.run(exitDone, "lineage", "INC-1", "--figures", "--until", "2026-01-01")
	s.says(out, "failure rate", "not known")
}
