package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/manual"
)

// wholeCommand is the command line as it is when a command runs.
func wholeCommand(t *testing.T) *cobra.Command {
	t.Helper()
	var o, e bytes.Buffer
	return newTool(strings.NewReader(""), &o, &e).rootCommand()
}

// pages writes the manual, and returns the path of each page.
func pages(t *testing.T, dir string) []string {
	t.Helper()
	if status, out, errs := askOnce(t, "man", dir); status != exitDone || !strings.Contains(out, "pages are in") {
		t.Fatal(status, out, errs)
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*.1"))
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// Each command has its page, with all that its help says in the sections where people
// look for it, and the same bytes each time.
func TestManual(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "share", "man1")
	written, all := pages(t, dir), manual.Commands(wholeCommand(t))
	if len(written) != len(all) {
		t.Errorf("%d pages for %d commands", len(written), len(all))
	}
	again := t.TempDir()
	pages(t, again)
	for _, c := range all {
		name := manual.Name(c) + ".1"
		page, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
			continue
		}
		if second, err := os.ReadFile(filepath.Join(again, name)); err != nil || !bytes.Equal(page, second) {
			t.Errorf("%s is not the same the second time: %v", name, err)
		}
		help := manual.ParseHelp(c.Long)
		for section, has := range map[string]bool{
			"NAME": true, "SYNOPSIS": true, "DESCRIPTION": true, "OPTIONS": true, "WHEN TO USE": help.WhenToUse != "", "GOTCHAS": help.Gotchas != "",
			"COMMANDS": c.HasAvailableSubCommands(), "EXAMPLES": c.Example != "", "SEE ALSO": c.HasParent(), "EXIT STATUS": !c.HasParent(), "ENVIRONMENT": !c.HasParent(),
		} {
			if bytes.Contains(page, []byte("\n.SH "+section+"\n")) != has {
				t.Errorf("%s: section %s: %t", name, section, !has)
			}
		}
	}
}

// What is not in the sections of the page is not lost, and what stands under Related are
// commands.
func TestManualOfHelpTexts(t *testing.T) {
	labelled := regexp.MustCompile(`(?m)^(When to use|Gotchas|Related):`)
	for _, c := range manual.Commands(wholeCommand(t)) {
		help := manual.ParseHelp(c.Long)
		if c.Short == "" || len(help.Description) == 0 || labelled.MatchString(strings.Join(help.Description, "\n")) {
			t.Errorf("%s: %+v", c.CommandPath(), help)
		}
		if help.Related == "" {
			continue
		}
		related := manual.Related(c, help.Related)
		if clauses := strings.Count(help.Related, ";") + 1; len(related) < clauses {
			t.Errorf("%s: of %q only %d are commands", c.CommandPath(), help.Related, len(related))
		}
	}
}

// Those who format manual pages find nothing wrong with these.
func TestManualIsWellFormed(t *testing.T) {
	written := pages(t, t.TempDir())
	checked := false
	for _, lint := range [][]string{{"mandoc", "-T", "lint", "-W", "warning"}, {"groff", "-man", "-ww", "-z", "-T", "utf8"}} {
		if _, err := exec.LookPath(lint[0]); err != nil {
			continue
		}
		checked = true
		out, _ := exec.CommandContext(t.Context(), lint[0], append(lint[1:], written...)...).CombinedOutput() // mandoc's status says no more than it prints
		for line := range strings.Lines(string(out)) {
			if !strings.Contains(line, "missing date") { // a test's build has none
				t.Error(strings.TrimSpace(line))
			}
		}
	}
	if !checked {
		t.Skip("SKIPPED: neither mandoc nor groff is installed")
	}
}

// What a flag takes has a name that says what it is.
func TestFlagsNameTheirValues(t *testing.T) {
	for _, c := range manual.Commands(wholeCommand(t)) {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if name, _ := pflag.UnquoteUsage(f); slices.Contains([]string{"string", "strings", "stringArray", "int", "uint"}, name) {
				t.Errorf("%s --%s takes a %s", c.CommandPath(), f.Name, name)
			}
		})
	}
}
