package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/manual"
)

// chapter returns what the README says under a heading.
func chapter(t *testing.T, heading string) string {
	t.Helper()
	b, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, found := strings.Cut(string(b), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("the README has no chapter %q", heading)
	}
	text, _, _ = strings.Cut(text, "\n## ")
	return text
}

// shown are the lines of a chapter that are to be typed, and those that are printed.
func shown(text string) (script string) {
	text = regexp.MustCompile("(?s)```.*?```").ReplaceAllString(text, "")
	for line := range strings.Lines(text) {
		if typed, ok := strings.CutPrefix(line, "    "); ok {
			script += typed
		}
	}
	return script
}

// The README's session runs from a clone, and prints what it says.
func TestREADMESession(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("SKIPPED: bash is not here")
	}
	dir := t.TempDir()
	examples, err := filepath.Abs("..")
	if err := errors.Join(err, os.Symlink(examples, filepath.Join(dir, "examples"))); err != nil {
		t.Fatal(err)
	}
	script := shown(chapter(t, "Set up")) + shown(chapter(t, "A first session"))
	session := exec.CommandContext(t.Context(), "bash", "-euc", script)
	session.Dir = dir
	out, err := session.CombinedOutput()
	if err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	printed := regexp.MustCompile(`(?m)^# (.+)$`).FindAllStringSubmatch(script, -1)
	for _, p := range printed {
		if !strings.Contains(string(out), p[1]) {
			t.Errorf("%q is not printed:\n%s", p[1], out)
		}
	}
	if len(printed) < 5 || strings.Count(script, "exportctl ") < 10 {
		t.Errorf("that is no session:\n%s", script)
	}
}

// Every command line of the README is one that exportctl takes.
func TestREADMECommandLines(t *testing.T) {
	b, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(b), "\\\n", " ")
	lines := regexp.MustCompile("(?m)exportctl ([a-z][^`|&\n]*)").FindAllStringSubmatch(text, -1)
	for _, m := range lines {
		words := strings.Fields(strings.TrimRight(m[1], ")"))
		c, args, err := wholeCommand(t).Find(words)
		if err != nil || !c.Runnable() || c == c.Root() {
			t.Errorf("exportctl %s: %v", m[1], err)
			continue
		}
		if err := c.ParseFlags(args); err != nil && !errors.Is(err, pflag.ErrHelp) {
			t.Errorf("exportctl %s: %v", m[1], err)
		}
	}
	if len(lines) < 20 {
		t.Errorf("only %d command lines", len(lines))
	}
}

// The table has each command, and no other.
func TestREADMEHasEachCommand(t *testing.T) {
	var want []string
	for _, c := range manual.Commands(wholeCommand(t)) {
		if !c.HasAvailableSubCommands() {
			want = append(want, strings.TrimPrefix(c.CommandPath(), "exportctl "))
		}
	}
	var have []string
	for line := range strings.Lines(chapter(t, "What do you want?")) {
		if cells := strings.Split(line, "|"); len(cells) == 4 {
			for _, m := range regexp.MustCompile("`([a-z -]+)`").FindAllStringSubmatch(cells[2], -1) {
				name, _, _ := strings.Cut(m[1], " --")
				have = append(have, name)
			}
		}
	}
	slices.Sort(want)
	slices.Sort(have)
	if have = slices.Compact(have); !slices.Equal(want, have) {
		t.Errorf("the table has\n%v, and the commands are\n%v", have, want)
	}
}

func TestREADMEHasEachExitStatus(t *testing.T) {
	want := "| status | it means |\n|---|---|\n"
	for _, e := range exitMeanings {
		want += fmt.Sprintf("| %d | %s |\n", e.status, e.meaning)
	}
	if got := chapter(t, "Exit statuses"); !strings.Contains(got, "\n"+want+"\n") {
		t.Errorf("the README says\n%s, and the code\n%s", got, want)
	}
}

// Every shared flag stands in the table with its variable, and nothing else does that is
// not read.
func TestREADMEHasEachVariable(t *testing.T) {
	text, read := chapter(t, "Set up"), slices.Clone(passwords)
	wholeCommand(t).PersistentFlags().VisitAll(func(f *pflag.Flag) {
		read = append(read, variable(f.Name))
		row := fmt.Sprintf("| `%s` | `--%s`", variable(f.Name), f.Name)
		if f.Shorthand != "" {
			row += fmt.Sprintf(", `-%s`", f.Shorthand)
		}
		if !strings.Contains(text, row+" | ") {
			t.Errorf("no row begins with %s", row)
		}
	})
	for _, name := range regexp.MustCompile(`HOLDFAST_[A-Z_]+`).FindAllString(text, -1) {
		if !slices.Contains(read, name) {
			t.Errorf("nothing reads %s", name)
		}
	}
}

// The README's trust.yaml is one.
func TestREADMETrust(t *testing.T) {
	_, text, _ := strings.Cut(chapter(t, "Set up"), "```yaml\n")
	text, _, _ = strings.Cut(text, "```")
	path := filepath.Join(t.TempDir(), "trust.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := readTrust(path)
	if err != nil || len(f.Owners) != 1 || len(f.Keys) != 2 || len(f.Keyless.Identities) != 1 || f.Timestamps.Required != 1 {
		t.Fatalf("%+v, %v", f, err)
	}
	if !f.Keys[0].Until.Equal(f.Keys[1].From) || f.Keys[0].Until.IsZero() {
		t.Errorf("one key follows the other: %+v", f.Keys)
	}
}

// Links lead to files that are there, and to headings.
func TestREADMELinks(t *testing.T) {
	b, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(string(b), -1) {
		if heading, ok := strings.CutPrefix(m[1], "#"); ok {
			chapter(t, strings.ToUpper(heading[:1])+strings.ReplaceAll(heading[1:], "-", " "))
			continue
		}
		if _, err := os.Stat(m[1]); err != nil {
			t.Error(err)
		}
	}
}
