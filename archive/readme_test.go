package archive_test

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func readme(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Every link of the README leads somewhere, within it too.
func TestREADMELinksLead(t *testing.T) {
	text := readme(t)
	var anchors []string
	for heading := range strings.Lines(text) {
		if rest := strings.TrimLeft(heading, "#"); rest != heading && strings.HasPrefix(rest, " ") {
			anchors = append(anchors, anchorOf(strings.TrimSpace(rest)))
		}
	}
	links := regexp.MustCompile(`\]\(([^)\s]+)\)`).FindAllStringSubmatch(strings.ReplaceAll(text, "\n", " "), -1)
	if len(links) < 10 {
		t.Fatalf("only %d links", len(links))
	}
	for _, link := range links {
		target, fragment, _ := strings.Cut(link[1], "#")
		switch {
		case strings.Contains(target, "://"):
		case target == "" && !slices.Contains(anchors, fragment):
			t.Errorf("there is no heading #%s, but %v", fragment, anchors)
		case target != "":
			if _, err := os.Stat(filepath.Join("..", target)); err != nil {
				t.Error(err)
			}
		}
	}
}

// anchorOf is the name by which a heading is linked to.
func anchorOf(heading string) string {
	kept := strings.Map(func(r rune) rune {
		if strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789-_ ", r) {
			return r
		}
		return -1
	}, strings.ToLower(heading))
	return strings.ReplaceAll(kept, " ", "-")
}

// Every command of the README names packages and tests that are there.
func TestREADMECommandsExist(t *testing.T) {
	text := readme(t)
	for _, m := range regexp.MustCompile(`go (?:run|doc|test)([^`+"`"+`\n]*)`).FindAllStringSubmatch(text, -1) {
		for _, word := range strings.Fields(m[1]) {
			if dir, ok := strings.CutPrefix(word, "./"); ok {
				if found, err := filepath.Glob(filepath.Join("..", strings.TrimSuffix(dir, "..."), "*.go")); dir != "..." && (err != nil || len(found) == 0) {
					t.Errorf("go%s: there is no package %s", m[1], word)
				}
			}
		}
		wantTest(t, m[1])
	}
	for _, variable := range regexp.MustCompile(`HOLDFAST_[A-Z0-9_]+`).FindAllString(text, -1) {
		// The command line reads every flag from the environment, too.
		flag := strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(variable, "HOLDFAST_")), "_", "-")
		if !inSources(t, "..", variable) && !inSources(t, "../examples/exportctl", flag) {
			t.Errorf("%s: no source reads it", variable)
		}
	}
}

// inSources reports whether a Go file below a folder has a text in quotes.
func inSources(t *testing.T, folder, text string) bool {
	t.Helper()
	found := false
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || found || filepath.Ext(path) != ".go" {
			return err
		}
		b, err := os.ReadFile(path)
		found = bytes.Contains(b, []byte(strconv.Quote(text)))
		return err
	})
	return err == nil && found
}

// wantTest checks that what a command's -run names is a test of its package.
func wantTest(t *testing.T, command string) {
	t.Helper()
	words := strings.Fields(command)
	at := slices.Index(words, "-run")
	if at < 0 || at+1 == len(words) || strings.Contains(words[at+1], "^$") {
		return
	}
	pattern, err := regexp.Compile(`func Test\w*` + words[at+1])
	if err != nil {
		t.Errorf("go%s: %v", command, err)
		return
	}
	for _, word := range words {
		if !strings.HasPrefix(word, "./") {
			continue
		}
		tests, err := filepath.Glob(filepath.Join("..", word, "*_test.go"))
		if err != nil || !slices.ContainsFunc(tests, func(path string) bool {
			b, err := os.ReadFile(path)
			return err == nil && pattern.Match(b)
		}) {
			t.Errorf("go%s: no test of %s has this name (%v)", command, word, err)
		}
	}
}

// The README's way to verify without us finds nothing wrong with a bucket that is whole,
// and says what is wrong with one that was harmed.
func TestREADMEVerifiesInBash(t *testing.T) {
	for _, tool := range []string{"bash", "jq", "openssl", "sha256sum"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED: %s is not here", tool)
		}
	}
	_, script, _ := strings.Cut(readme(t), "```bash\n")
	script, _, found := strings.Cut(script, "```")
	if !found {
		t.Fatal("the README has no bash")
	}
	whole, cfg := t.TempDir(), config(t)
	a := inDirectory(t, whole, cfg)
	scene(t, a)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	key, err := cfg.Signer.PublicKeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(whole, "holdfast.key.pub"), key)

	for name, harm := range map[string]struct {
		pattern, old, new string // in the first file of this name
		said              string // empty for nothing wrong
	}{
		"nothing":     {"holdfast.key.pub", "", "", ""},
		"a row":       {"log/commits/000/000/000/003.jsonl", "INC-1", "INC-2", "FAILED: row 4 does not follow"},
		"the first":   {"log/commits/000/000/000/001.jsonl", "pp-1", "pp-7", "FAILED: row 2 does not follow"},
		"the past":    {"log/commits/000/000/000/001.jsonl", "pp-1", "pp-7", "was signed over another row 1"},
		"a packet":    {"packets/pp-2/*/packet.json", "promote", "hold", "packet.json: FAILED"},
		"an exhibit":  {"packets/pp-2/*/exhibits/s*", "yellow", "green", "scorecard.pdf: FAILED"},
		"a manifest":  {"manifests/*/[0-9a-f]*", "{", " {", "is not what the log names"},
		"a signature": {"manifests/*/[0-9a-f]*", `"sig":"`, `"sig":"AAAA`, "is not signed by the key"},
		"the key":     {"holdfast.key.pub", string(key), string(foreign(t)), "is not signed by the key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "copy")
			if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
				t.Fatal(err)
			}
			paths, err := filepath.Glob(filepath.Join(dir, harm.pattern))
			if err != nil || len(paths) == 0 {
				t.Fatal(paths, err)
			}
			if err := rewrite(paths[0], func(b []byte) []byte { return bytes.Replace(b, []byte(harm.old), []byte(harm.new), 1) }); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), "bash", "-c", script)
			cmd.Dir = dir
			out, err := cmd.CombinedOutput()
			switch {
			case harm.said == "" && (err != nil || strings.Contains(string(out), "FAILED") || strings.Count(string(out), ": OK\n") != 6):
				t.Errorf("%v: %s", err, out)
			case harm.said != "" && !strings.Contains(string(out), harm.said):
				t.Errorf("%q is not said: %s", harm.said, out)
			}
		})
	}
}

// foreign is another public key.
func foreign(t *testing.T) []byte {
	t.Helper()
	pem, err := newSigner(t).PublicKeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	return pem
}
