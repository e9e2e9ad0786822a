package spool

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// The test binary doubles as a process that adds or removes an entry and is killed at
// a step on the way.
func TestMain(m *testing.M) {
	if os.Getenv("SPOOL_TEST_DIR") == "" {
		os.Exit(m.Run())
	}
	if err := job(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func job() error {
	s, err := Open(os.Getenv("SPOOL_TEST_DIR"), Limits{})
	if err != nil {
		return err
	}
	point := os.Getenv("SPOOL_TEST_KILL")
	s.step = func(name string) error {
		if name == point {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
		return nil
	}
	if os.Getenv("SPOOL_TEST_JOB") == "add" {
		_, err := s.Add(context.Background(), entry(2))
		return err
	}
	claim, err := s.Claim(context.Background())
	if err != nil {
		return err
	}
	entries, err := s.Entries(context.Background())
	if err != nil {
		return err
	}
	return claim.Remove(entries[0])
}

// Killed at any step, an entry is there whole or not at all, nothing else is touched,
// no room is lost, and what was cut off is done when it is tried again.
func TestKilledAtEachStep(t *testing.T) {
	for _, c := range []struct{ job, point, then string }{
		{"add", "writing", "pp-1"}, {"add", "written", "pp-1"}, {"add", "before rename", "pp-1"}, {"add", "renamed", "pp-1 pp-2"},
		{"remove", "before removal", "pp-1"}, {"remove", "renamed out", ""}, {"remove", "removed", ""},
	} {
		t.Run(c.job+" "+c.point, func(t *testing.T) {
			s := opened(t, t.TempDir(), Limits{MaxEntries: 3})
			add(t, s, 1)
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), "SPOOL_TEST_DIR="+s.Dir(), "SPOOL_TEST_JOB="+c.job, "SPOOL_TEST_KILL="+c.point)
			if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(err.Error(), "killed") {
				t.Fatalf("not killed: %v %s", err, out)
			}
			if got := ids(t, s); got != c.then {
				t.Errorf("after the kill: %q, want %q", got, c.then)
			}
			for n := range 3 {
				add(t, s, n+1)
			}
			if got := ids(t, s); got != "pp-1 pp-2 pp-3" {
				t.Errorf("in the end: %q", got)
			}
			if left, _ := os.ReadDir(s.Dir() + "/" + incomingDir); len(left) > 0 {
				t.Errorf("%d are left in incoming", len(left))
			}
			claim, err := s.TryClaim()
			if claim == nil || err != nil {
				t.Fatalf("the dead still drain: %v", err)
			}
			claim.Release()
		})
	}
}
