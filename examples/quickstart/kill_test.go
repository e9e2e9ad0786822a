package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// The test binary doubles as the show that tests kill: where it lives, and at which
// of the points that it passes it dies.
const (
	homeVariable = "HOLDFAST_TEST_QUICKSTART"
	killVariable = "HOLDFAST_TEST_KILL_AT"
)

func TestMain(m *testing.M) {
	home := os.Getenv(homeVariable)
	if home == "" {
		os.Exit(m.Run())
	}
	n, err := strconv.Atoi(os.Getenv(killVariable))
	if err == nil {
		s := newShow(home, io.Discard)
		passed := 0
		s.at = func(string) {
			if passed++; passed == n {
				self, _ := os.FindProcess(os.Getpid())
				self.Kill()
				select {}
			}
		}
		err = s.run(context.Background())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(status(err))
}

// A run that is killed while the evidence is harmed is put right by the next, which
// says so, and leaves what an undisturbed run leaves.
func TestKilledBetweenHarmAndMend(t *testing.T) {
	t.Parallel()
	points := record(t)
	if len(points) < 20 {
		t.Fatalf("only %v", points)
	}
	// The first harm: saved, harmed, mended. The second: some files harmed, some mended.
	for _, n := range []int{1, 2, 3, 10, len(points) - 10} {
		t.Run(fmt.Sprintf("%d, %s", n, points[n-1]), func(t *testing.T) {
			t.Parallel()
			home := filepath.Join(t.TempDir(), "home")
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), homeVariable+"="+home, killVariable+"="+strconv.Itoa(n))
			if out, err := cmd.CombinedOutput(); err == nil || cmd.ProcessState.ExitCode() != -1 {
				t.Fatalf("was not killed: %v\n%s", err, out)
			}
			out, err := play(t, home)
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if points[n-1] == "harmed" && !strings.Contains(out, "was killed while it had harmed") {
				t.Errorf("nothing is said of it:\n%s", out)
			}
			if _, err := os.Stat(filepath.Join(home, "undo")); !os.IsNotExist(err) {
				t.Errorf("the copies are still there: %v", err)
			}
			before := list(t, home)
			if out, err := play(t, home); err != nil || list(t, home) != before {
				t.Errorf("the run after that: %v\n%s", err, out)
			}
		})
	}
}

// record returns the points that a first run passes.
func record(t *testing.T) (points []string) {
	t.Helper()
	s := newShow(filepath.Join(t.TempDir(), "home"), io.Discard)
	s.at = func(point string) { points = append(points, point) }
	if err := s.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return points
}

// What is not of this program's making is not overwritten when harm is mended.
func TestMendLeavesWhatIsNotItsOwn(t *testing.T) {
	dir := t.TempDir()
	u := undo{bucket: filepath.Join(dir, "bucket"), folder: filepath.Join(dir, "undo"), at: func(string) {}}
	path := filepath.Join(u.bucket, "commit")
	if err := os.MkdirAll(u.bucket, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("row 3"), 0o444); err != nil {
		t.Fatal(err)
	}
	if err := u.harm("commit", os.Remove); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("another row 3"), 0o444); err != nil {
		t.Fatal(err)
	}
	if _, err := u.mend(); err == nil || !strings.Contains(err.Error(), "left as it is") {
		t.Error(err)
	}
	if b, _, err := readFile(path); err != nil || string(b) != "another row 3" {
		t.Errorf("%s, %v", b, err)
	}
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
