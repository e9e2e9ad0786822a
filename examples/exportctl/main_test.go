package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/mod/sumdb/note"

	"github.com/holdfast-archive/holdfast/archive/manifest"
)

// In scripts, exportctl is this very program.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"exportctl": main})
}

// Sessions at a terminal. Each has an empty bucket, keys, and the sample packets.
func TestScripts(t *testing.T) {
	samples, err := filepath.Abs("../../archive/testdata/packets")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("PACKETS", samples)
			e.Setenv("EVENTS", filepath.Join(samples, "execution_events.jsonl"))
			return furnish(e.WorkDir, e.Setenv)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
	})
}

// furnish makes a bucket and keys, and names them in the environment.
func furnish(dir string, setenv func(name, value string)) error {
	in := func(name string) string { return filepath.Join(dir, name) }
	if _, err := manifest.LoadOrCreateKey(in("holdfast.key")); err != nil {
		return err
	}
	private, public, err := note.GenerateKey(nil, "evidence.example.com/release")
	if err != nil {
		return err
	}
	err = errors.Join(os.Mkdir(in("bucket"), 0o755), os.WriteFile(in("log.key"), []byte(private+"\n"), 0o600), os.WriteFile(in("log.key.pub"), []byte(public+"\n"), 0o644))
	setenv("HOLDFAST_BUCKET", "file://"+in("bucket"))
	setenv("HOLDFAST_KEY", in("holdfast.key"))
	setenv("HOLDFAST_LOG_KEY", in("log.key"))
	setenv("HOLDFAST_OPERATOR", "release-ops/pipeline-42")
	return err
}

// exits runs a command that must end with the status given: exits 7 exportctl find nothing
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND...")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("it exits with %d, want %s", got, args[0])
	}
}
