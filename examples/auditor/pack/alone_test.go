package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/holdfast-archive/holdfast/linkage"
)

// The program is built from its files alone, in a module that has no other, and its exit
// status says what it found.
func TestStandsAlone(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(dir+"/go.mod", []byte("module pack\n\ngo 1.26\n"), 0o644))
	sources, err := filepath.Glob("*.go")
	must(t, err)
	for _, name := range sources {
		if !strings.HasSuffix(name, "_test.go") {
			must(t, copyFile(".", dir, name))
		}
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", "pack", ".")
	build.Dir, build.Env = dir, append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod", "GOPROXY=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	pack, published := packed(t, newSigner(t), 2, linkage.PackOptions{})
	run := func(args ...string) (string, int) {
		cmd := exec.CommandContext(t.Context(), dir+"/pack", args...)
		out, _ := cmd.CombinedOutput()
		return string(out), cmd.ProcessState.ExitCode()
	}
	if out, code := run(append([]string{pack}, published...)...); code != 0 || !strings.HasSuffix(out, "link, recorded "+lastWord(out)+"\nverified\n") {
		t.Errorf("exit status %d: %s", code, out)
	}
	if out, code := run(pack, published[0]); code != 1 || !strings.Contains(out, "NOT verified: keys/checkpoint.pub.pem has the fingerprint") {
		t.Errorf("exit status %d: %s", code, out)
	}
	if out, code := run(pack); code != 2 {
		t.Errorf("exit status %d: %s", code, out)
	}
}

// lastWord is the last word of the line before the last.
func lastWord(out string) string {
	words := strings.Fields(out)
	if len(words) < 2 {
		return ""
	}
	return words[len(words)-2]
}
