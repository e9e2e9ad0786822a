//go:build unix

package fileworm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// The test binary doubles as the processes that tests start.
const jobVariable = "HOLDFAST_TEST_JOB"

func TestMain(m *testing.M) {
	job, known := map[string]func() error{"race": raceJob, "killed": killedJob, "killed together": killedTogetherJob, "put": putJob}[os.Getenv(jobVariable)]
	if !known {
		os.Exit(m.Run())
	}
	if err := job(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// start prepares another process for a job in a directory.
func start(t *testing.T, job, dir string, more ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(append(os.Environ(), jobVariable+"="+job, "HOLDFAST_DIR="+dir), more...)
	return cmd
}

var lock = retention.Lock{Mode: retention.Compliance, Until: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)}

func storeOver(d *driver) (*worm.Store, error) { return worm.New(context.Background(), d) }

func put(store *worm.Store, key, body string) (worm.Stored, error) {
	return store.Put(context.Background(), key, strings.NewReader(body),
		worm.Spec{Size: int64(len(body)), SHA256: worm.Sum([]byte(body)), Lock: lock})
}

func openDir(t *testing.T, dir string) (*driver, *worm.Store) {
	t.Helper()
	d, err := open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	store, err := storeOver(d)
	if err != nil {
		t.Fatal(err)
	}
	return d, store
}

const raceKeys = 50

// raceJob puts its own bytes under the same keys as everybody else and says
// which it created.
func raceJob() error {
	d, err := open(os.Getenv("HOLDFAST_DIR"))
	if err != nil {
		return err
	}
	store, err := storeOver(d)
	if err != nil {
		return err
	}
	for i := range raceKeys {
		stored, err := put(store, fmt.Sprintf("race/%d/%d", i%5, i), os.Getenv("HOLDFAST_WHO"))
		if err != nil && !errors.Is(err, worm.ErrExists) {
			return err
		}
		if stored.Created {
			fmt.Println(i)
		}
	}
	return nil
}

// Eight processes at the same keys: one winner each, whole and locked.
func TestProcessesRace(t *testing.T) {
	const processes = 8
	dir := t.TempDir()
	var outputs [processes]strings.Builder
	var running []*exec.Cmd
	for who := range processes {
		cmd := start(t, "race", dir, fmt.Sprintf("HOLDFAST_WHO=%d", who))
		cmd.Stdout, cmd.Stderr = &outputs[who], os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		running = append(running, cmd)
	}
	winners := map[int]int{}
	for who, cmd := range running {
		if err := cmd.Wait(); err != nil {
			t.Errorf("process %d: %v", who, err)
		}
		for line := range strings.FieldsSeq(outputs[who].String()) {
			key, err := strconv.Atoi(line)
			if err != nil {
				t.Fatal(err)
			}
			if other, twice := winners[key]; twice {
				t.Errorf("key %d was created by %d and %d", key, other, who)
			}
			winners[key] = who
		}
	}
	_, store := openDir(t, dir)
	for i := range raceKeys {
		ref := worm.Ref{Key: fmt.Sprintf("race/%d/%d", i%5, i)}
		body, err := store.Read(t.Context(), ref, 10)
		if err != nil || string(body) != fmt.Sprint(winners[i]) {
			t.Errorf("key %d has %q, %v; want what its winner %d wrote", i, body, err, winners[i])
		}
		if o, err := store.State(t.Context(), ref); err != nil || !o.Lock.Covers(lock) {
			t.Errorf("key %d is under %s, %v", i, o.Lock, err)
		}
	}
}

// killedJob puts one object and dies at a step of it.
func killedJob() error {
	store, err := dying()
	if err != nil {
		return err
	}
	_, err = put(store, "a/b/c", "body")
	return err
}

// dying opens a store that dies at a step of a write.
func dying() (*worm.Store, error) {
	d, err := open(os.Getenv("HOLDFAST_DIR"))
	if err != nil {
		return nil, err
	}
	d.step = func(name string) {
		if name == os.Getenv("HOLDFAST_KILL_AT") {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	return storeOver(d)
}

// Killed at any step of a write, the object is not there, or there with its
// lock; and putting it again completes it.
func TestKilledAtEachStep(t *testing.T) {
	steps := map[string]bool{ // whether the object is there
		"staging": false, "written": false, "staged": false, "folder made": false, "recording": false, "lock recorded": false, "before link": false,
		"linked": true, "synced": true,
	}
	seen := map[string]bool{}
	counting, _ := openDir(t, t.TempDir())
	counting.step = func(name string) { seen[name] = true }
	store, err := storeOver(counting)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := put(store, "a/b/c", "body"); err != nil {
		t.Fatal(err)
	}
	if len(seen) != len(steps) {
		t.Errorf("a write has the steps %v, and %d are tested", seen, len(steps))
	}
	for step, there := range steps {
		t.Run(step, func(t *testing.T) {
			dir := t.TempDir()
			if err := start(t, "killed", dir, "HOLDFAST_KILL_AT="+step).Run(); err == nil || !strings.Contains(err.Error(), "killed") {
				t.Fatalf("the process was not killed: %v", err)
			}
			_, store := openDir(t, dir)
			o, err := store.State(t.Context(), worm.Ref{Key: "a/b/c"})
			if there && (err != nil || !o.Lock.Covers(lock)) {
				t.Errorf("the object is under %s, %v", o.Lock, err)
			}
			if !there && !errors.Is(err, worm.ErrNotFound) {
				t.Errorf("state: %v, want ErrNotFound", err)
			}
			for e := range store.List(t.Context(), "") {
				if !there {
					t.Errorf("listed %s", e.Ref)
				}
			}
			stored, err := put(store, "a/b/c", "body")
			if err != nil || stored.Created == there {
				t.Errorf("put again: %+v, %v", stored, err)
			}
			if got, err := store.Read(t.Context(), stored.Ref, 10); err != nil || string(got) != "body" {
				t.Errorf("read: %q, %v", got, err)
			}
		})
	}
}

// putJob puts a body of 1 MiB and prints what became of it.
func putJob() error {
	d, err := open(os.Getenv("HOLDFAST_DIR"))
	if err != nil {
		return err
	}
	store, err := storeOver(d)
	if err != nil {
		return err
	}
	_, err = put(store, "a/b", strings.Repeat("x", 1<<20))
	return err
}

// A disk that is full, here a limit on the size of files: a clear error, and
// nothing under the key or in staging.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	cmd := start(t, "put", dir)
	cmd.Path, cmd.Args = "/bin/sh", []string{"sh", "-c", "trap '' XFSZ; ulimit -f 8; exec " + os.Args[0]}
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "nothing was stored") || !strings.Contains(string(out), "too large") {
		t.Errorf("it said %q (%v)", out, err)
	}
	_, store := openDir(t, dir)
	for e := range store.List(t.Context(), "") {
		t.Errorf("it left %s", e.Ref)
	}
	if left, _ := os.ReadDir(dir + "/" + stagingFolder); len(left) != 0 {
		t.Errorf("it left %v in staging", left)
	}
}

// A directory that cannot be written to is read all the same.
func TestReadOnlyDirectory(t *testing.T) {
	dir, err := os.MkdirTemp("/tmp", "holdfast-readonly-*") // another user must be able to get there
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	_, store := openDir(t, dir)
	if _, err := put(store, "k", "body"); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(dir, 0o755) })
	if os.Getuid() != 0 {
		if _, err := put(store, "a/b", "body"); !errors.Is(err, os.ErrPermission) {
			t.Errorf("put: %v", err)
		}
		return
	}
	binary := dir + "-binary" // nobody may not be able to get to the test binary where it is
	b, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(binary, b, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(binary) })
	cmd := start(t, "put", dir)
	cmd.Path, cmd.Dir = binary, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "nothing was stored") || !strings.Contains(string(out), "permission denied") {
		t.Errorf("it said %q (%v)", out, err)
	}
	if body, err := store.Read(t.Context(), worm.Ref{Key: "k"}, 10); err != nil || string(body) != "body" {
		t.Errorf("read: %q, %v", body, err)
	}
}
