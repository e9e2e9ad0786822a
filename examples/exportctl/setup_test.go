package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// askOnce runs one command line.
func askOnce(t *testing.T, args ...string) (status int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	status = run(t.Context(), args, strings.NewReader(""), &o, &e)
	return status, o.String(), e.String()
}

func TestKeysAreNeverOverwritten(t *testing.T) {
	dir := t.TempDir()
	if status, _, errs := askOnce(t, "keys", "create", "--dir", dir, "--origin", "example.com/log"); status != exitDone {
		t.Fatal(status, errs)
	}
	key := filepath.Join(dir, keyName)
	before, _ := os.ReadFile(key)
	if status, _, _ := askOnce(t, "keys", "create", "--dir", dir, "--origin", "example.com/log"); status != exitWrongUse {
		t.Error("again: exit status", status)
	}
	if after, _ := os.ReadFile(key); len(before) == 0 || !bytes.Equal(before, after) {
		t.Error("the key was overwritten")
	}
	if status, _, errs := askOnce(t, "keys", "check", "--key", key); status != exitDone {
		t.Error(status, errs)
	}
	bucket := "file://" + filepath.ToSlash(filepath.Join(dir, "bucket")) + "?create_dir=true"
	if status, out, errs := askOnce(t, "doctor", "--bucket", bucket, "--key", key, "--operator", "release-ops/x"); status != exitDone {
		t.Error(status, out, errs)
	}
	if status, out, _ := askOnce(t, "doctor", "--bucket", bucket, "--key", key, "--operator", "interns/x"); status != exitFindings || !strings.Contains(out, "✗ operator") {
		t.Error(status, out)
	}
}

// What goes wrong is said in a few words, with what to do next.
func TestProblems(t *testing.T) {
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(bad, []byte("version: 2\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{"nosuch"}, exitWrongUse, "unknown command"},
		{[]string{"keys", "nosuch"}, exitWrongUse, "unknown command"},
		{[]string{"find", "--nosuch"}, exitWrongUse, "unknown flag"},
		{[]string{"find", "x", "--bucket", "/var/evidence"}, exitWrongUse, "is no URL"},
		{[]string{"keys", "check", "--key", bad}, exitWrongUse, "PEM"},
		{[]string{"policy", "show", "--policy", bad}, exitWrongUse, "bad.yaml:1"},
		{[]string{"find", "x", "--bucket", "s3://b?region=us-east-1&use_path_style=true&endpoint=http://127.0.0.1:1"}, exitUnreachable, "nothing listens at 127.0.0.1:1"},
	} {
		status, _, errs := askOnce(t, c.args...)
		if status != c.status || !strings.Contains(errs, c.says) || !strings.Contains(errs, "→") {
			t.Errorf("%q: exit status %d\n%s", c.args, status, errs)
		}
	}
}
