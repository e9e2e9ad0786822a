package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/holdfast-archive/holdfast/retention/worm/wormtest/servers"
)

// The README shows this program, and nothing else.
func TestREADMEShowsThisProgram(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(program), "func main() {")
	body, _, _ = strings.Cut(body, "\n}\n")
	if !strings.Contains(string(readme), "func main() {"+body+"\n}\n") {
		t.Error("the README's program is not this one")
	}
	if lines := strings.Count(body, "\n"); lines > 15 {
		t.Errorf("it has grown to %d lines", lines)
	}
}

// It works, on the folder that the README names.
func TestProgram(t *testing.T) {
	sample, err := filepath.Abs("../quickstart/testdata/payments")
	if err != nil {
		t.Fatal(err)
	}
	binary := servers.Program(t, ".")
	dir := t.TempDir()
	var outputs []string
	for range 2 {
		cmd := exec.CommandContext(t.Context(), binary, sample)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.HasPrefix(string(out), "row 1 kept until 20") || !strings.Contains(string(out), "/evidence/packets/pp-payments-0027/") {
			t.Fatalf("%v: %s", err, out)
		}
		outputs = append(outputs, string(out))
	}
	if outputs[0] != outputs[1] {
		t.Errorf("the second run gave another receipt: %s, %s", outputs[0], outputs[1])
	}
}
