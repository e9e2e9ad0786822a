package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// play runs the show in a directory and returns what it printed.
func play(t *testing.T, home string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := newShow(home, &out).run(t.Context())
	return out.String(), err
}

// The show runs, says what it should, and runs again without adding anything.
func TestQuickstart(t *testing.T) {
	t.Chdir(t.TempDir())
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(here, "holdfast-evidence")
	first, err := play(t, home)
	if err != nil {
		t.Fatalf("%v\n%s", err, first)
	}
	wantOrder(t, first,
		"simulates write-once and cannot provide it",
		"row 1  standard", "row 2  extended", "row 3  regulated", "not exported   pp-matchmaking-0035",
		"promotion_packet_id          pp-payments-0027", "✓ 3 rows, 3 exports", "exit status 0",
		"2  Change one byte", "✗ row 2 (packets/pp-payments-0027/", "exit status 1", "Put right", "exit status 0",
		"3  Cut off the newest row", "003.jsonl is removed", "✗ row 3 (log/checkpoints/", "exit status 1",
		"By itself the bucket now looks whole, exit status 0", "checkpoint): remembers 3 rows, the log has 2", "exit status 1", "Put right", "exit status 0",
		"rb-0027 and INC-2888 are bound by row 4", "in all, within the SLA of 15 minutes",
		"believed  closure_reliability_state: yellow", "0 gaps", "lineage.html")
	if lines := strings.Count(first, "\n"); lines > 80 {
		t.Errorf("%d lines, which nobody reads in a minute", lines)
	}
	for line := range strings.Lines(first) {
		if words := strings.Fields(line); utf8.RuneCountInString(line) > columns+1 && len(words) > 3 {
			t.Errorf("too wide: %s", line)
		}
	}
	page, err := os.ReadFile(filepath.Join(home, "lineage.html"))
	if err != nil || !bytes.Contains(page, []byte("INC-2888")) {
		t.Errorf("the page: %v", err)
	}

	before := list(t, home)
	second, err := play(t, home)
	if err != nil {
		t.Fatalf("%v\n%s", err, second)
	}
	wantOrder(t, second, "(was there)", "004.jsonl is removed", "✗ row 4", "remembers 4 rows, the log has 3", "were bound before, by row 4")
	if after := list(t, home); after != before {
		t.Errorf("the second run changed what is there:\n%s\nwas:\n%s", after, before)
	}
}

// What somebody else does to the evidence is named, left as it is, and is an error.
func TestTheUserIsTheThief(t *testing.T) {
	done := filepath.Join(t.TempDir(), "home")
	if out, err := play(t, done); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	empty := func(path string) error {
		return os.WriteFile(path, []byte("{}"), 0o644)
	}
	for name, harm := range map[string]struct {
		pattern string
		do      func(path string) error
		named   string
	}{
		"a packet is rewritten":       {"packets/*/*/packet.json", empty, "✗ row 1 (packets/pp-economy-0001/"},
		"an exhibit is removed":       {"packets/*/*/exhibits/*", os.Remove, "✗ row 1 (packets/pp-economy-0001/"},
		"a manifest is rewritten":     {"manifests/*/*", empty, "(manifests/"},
		"a commit is removed":         {"log/commits/*/*/*/002.jsonl", os.Remove, "✗ log/commits/000/000/000/002.jsonl"},
		"a lock record is removed":    {"packets/*/*/.packet.json.lock", os.Remove, "packet.json"},
		"a checkpoint is rewritten":   {"log/checkpoints/*/*/*/003", empty, "log/checkpoints/"},
		"the newest commit is edited": {"log/commits/*/*/*/004.jsonl", empty, "log/commits/000/000/000/004.jsonl"},
	} {
		t.Run(name, func(t *testing.T) {
			home := filepath.Join(t.TempDir(), "home")
			if err := os.CopyFS(home, os.DirFS(done)); err != nil {
				t.Fatal(err)
			}
			found, err := filepath.Glob(filepath.Join(home, "bucket", harm.pattern))
			if err != nil || len(found) == 0 {
				t.Fatal(found, err)
			}
			if err := os.Chmod(found[0], 0o644); err != nil {
				t.Fatal(err)
			}
			if err := harm.do(found[0]); err != nil {
				t.Fatal(err)
			}
			out, err := play(t, home)
			if err == nil || !strings.Contains(out, harm.named) || strings.Contains(out, "2  Change one byte") {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// wantOrder checks that texts occur, one after the other.
func wantOrder(t *testing.T, out string, texts ...string) {
	t.Helper()
	rest := strings.Join(strings.Fields(out), " ") // however it was wrapped
	for _, text := range texts {
		_, after, found := strings.Cut(rest, strings.Join(strings.Fields(text), " "))
		if !found {
			t.Errorf("%q is not there, or not in its place:\n%s", text, out)
			return
		}
		rest = after
	}
}

// list names every file with its mode and bytes, apart from the page, which says when
// it was told.
func list(t *testing.T, home string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(home, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() == "lineage.html" {
			return err
		}
		b, mode, err := readFile(path)
		if e.Name() == "checkpoint" {
			b = b[:len("quickstart.example/releases\n4\n")]
		}
		all.WriteString(strings.TrimPrefix(path, home) + " " + mode.String() + " " + hashOf(b) + "\n")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}
