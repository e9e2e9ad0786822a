package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// desk is where exportctl is run as a process of its own: a furnished folder with a
// packet.json, and an environment in which nothing else is set but what is said.
type desk struct {
	*testing.T
	dir string
	env []string
}

func newDesk(t *testing.T, env ...string) desk {
	t.Helper()
	d := desk{T: t, dir: t.TempDir()}
	d.env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "TMPDIR=" + t.TempDir()}
	if err := furnish(d.dir, func(name, value string) { d.env = append(d.env, name+"="+value) }); err != nil {
		t.Fatal(err)
	}
	d.write("packet.json", `{"promotion_packet_id": "pp-1", "promotion_decision": "promote", "promotion_decision_at_utc": "2026-09-01T10:22:00Z"}`)
	d.env = append(d.env, env...)
	return d
}

// with is the same desk with more in its environment.
func (d desk) with(env ...string) desk {
	d.env = append(append([]string{}, d.env...), env...)
	return d
}

// answer is how a command ended.
type answer struct {
	*testing.T
	command   string
	status    int
	out, errs string
}

// try runs a command, which must end by itself.
func (d desk) try(args ...string) answer {
	d.Helper()
	ctx, cancel := context.WithTimeout(d.Context(), time.Minute)
	defer cancel()
	var out, errs bytes.Buffer
	c := exec.CommandContext(ctx, "exportctl", args...)
	c.Dir, c.Env, c.Stdout, c.Stderr = d.dir, d.env, &out, &errs
	err := c.Run()
	var exit *exec.ExitError
	if ctx.Err() != nil || err != nil && !errors.As(err, &exit) {
		d.Fatalf("exportctl %s: %v, %v\n%s%s", strings.Join(args, " "), err, ctx.Err(), &out, &errs)
	}
	return answer{d.T, strings.Join(args, " "), c.ProcessState.ExitCode(), out.String(), errs.String()}
}

// here runs a command in this process, which takes a hundredth of the time. What a cloud's
// client prints by itself is not seen so.
func (d desk) here(args ...string) answer {
	d.Helper()
	d.Chdir(d.dir)
	for _, variable := range d.env {
		name, value, _ := strings.Cut(variable, "=")
		d.Setenv(name, value)
	}
	return ask(d.T, args...)
}

// says is an answer that must be a refusal with this status: one message that has all of
// these words and what to do next, and nothing else on either stream.
func (a answer) says(status int, words ...string) {
	a.Helper()
	if a.status != status || a.out != "" {
		a.Errorf("exportctl %s: exit status %d, want %d\n%s%s", a.command, a.status, status, a.out, a.errs)
	}
	for _, w := range append(words, "\n  → ") {
		if !strings.Contains(a.errs, w) {
			a.Errorf("exportctl %s: it does not say %q:\n%s", a.command, w, a.errs)
		}
	}
	for i, line := range strings.Split(strings.TrimSuffix(a.errs, "\n"), "\n") {
		if i == 0 && !strings.HasPrefix(line, "exportctl") || i > 0 && !strings.HasPrefix(line, "  ") {
			a.Errorf("exportctl %s: this line is no part of its message: %s", a.command, line)
		}
	}
}

// finds is an answer of doctor that must have this status and name this as the first
// thing to fix, in so many words.
func (a answer) finds(status int, check string, words ...string) {
	a.Helper()
	_, first, _ := strings.Cut(a.out, "✗ ")
	first, _, _ = strings.Cut(first, "\n!")
	if a.status != status || a.errs != "" || !strings.HasPrefix(first, check) {
		a.Errorf("exportctl %s: exit status %d, want %d and %q first\n%s%s", a.command, a.status, status, check, a.out, a.errs)
	}
	for _, w := range append(words, "\n    → ") {
		if !strings.Contains(first, w) {
			a.Errorf("exportctl %s: it does not say %q of %s:\n%s", a.command, w, check, a.out)
		}
	}
}

// write puts a file into the folder.
func (d desk) write(name, text string) {
	d.Helper()
	if err := os.WriteFile(filepath.Join(d.dir, name), []byte(text), 0o644); err != nil {
		d.Fatal(err)
	}
}
