package fileworm

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

var together = []worm.Small{
	{Key: "by/packet/a/1.json", Body: []byte("line 1")},
	{Key: "by/batch/x/1.json", Body: []byte("line 1")},
	{Key: "by/batch/x/2.json", Body: []byte("line 2")},
}

// killedTogetherJob puts objects together and dies at a step of it.
func killedTogetherJob() error {
	store, err := dying()
	if err != nil {
		return err
	}
	return errors.Join(store.PutAll(context.Background(), together)...)
}

// Killed at any step of writing many, each object is whole or absent, and absent as long
// as its bytes may not be on disk; putting them again completes them.
func TestKilledAtEachStepOfMany(t *testing.T) {
	steps := map[string]int{ // how many are there
		"all written": 0, "all staged": 0, "one linked": 1, "all linked": 3, "all synced": 3,
	}
	var seen []string
	counting, store := openDir(t, t.TempDir())
	counting.step = func(name string) { seen = append(seen, name) }
	if err := errors.Join(store.PutAll(t.Context(), together)...); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(seen, ", "); got != "all written, all staged, one linked, one linked, one linked, all linked, all synced" {
		t.Errorf("the steps are %s", got)
	}
	for step, want := range steps {
		t.Run(step, func(t *testing.T) {
			dir := t.TempDir()
			if err := start(t, "killed together", dir, "HOLDFAST_KILL_AT="+step).Run(); err == nil || !strings.Contains(err.Error(), "killed") {
				t.Fatalf("the process was not killed: %v", err)
			}
			_, store := openDir(t, dir)
			there := 0
			for e, err := range store.List(t.Context(), "") {
				if err != nil || e.Size != int64(len("line 1")) {
					t.Errorf("listed %+v, %v", e, err)
				}
				there++
			}
			if there != want {
				t.Errorf("%d objects are there, want %d", there, want)
			}
			if err := errors.Join(store.PutAll(t.Context(), together)...); err != nil {
				t.Errorf("put again: %v", err)
			}
			for _, o := range together {
				if got, err := store.Read(t.Context(), worm.Ref{Key: o.Key}, 10); err != nil || string(got) != string(o.Body) {
					t.Errorf("%s: read %q, %v", o.Key, got, err)
				}
			}
		})
	}
}

// Nothing is written twice, nothing is left in staging, and no lock is recorded where
// there is none.
func TestManyShareTheirBytes(t *testing.T) {
	dir := t.TempDir()
	_, store := openDir(t, dir)
	if err := errors.Join(store.PutAll(t.Context(), together)...); err != nil {
		t.Fatal(err)
	}
	var infos []os.FileInfo
	for _, o := range together {
		info, err := os.Stat(filepath.Join(dir, o.Key))
		if err != nil || info.Mode() != 0o444 {
			t.Errorf("%s: %v, %v", o.Key, info, err)
		}
		infos = append(infos, info)
	}
	if !os.SameFile(infos[0], infos[1]) || os.SameFile(infos[1], infos[2]) {
		t.Error("the same bytes should be one file, and others another")
	}
	if left, err := os.ReadDir(filepath.Join(dir, stagingFolder)); err != nil || len(left) != 0 {
		t.Errorf("in staging there is %v, %v", left, err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "by/packet/a/.*")); err != nil || len(left) != 0 {
		t.Errorf("beside an object there is %v, %v", left, err)
	}
	err := store.SetLegalHold(t.Context(), worm.Ref{Key: together[0].Key}, true)
	if !errors.Is(err, worm.ErrCorrupt) || !strings.Contains(err.Error(), "no lock record") {
		t.Errorf("a hold on what has no lock record: %v", err)
	}
}

// A folder that is a link somebody made leads nowhere, and an object is no folder.
func TestManyFollowNoLink(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	_, store := openDir(t, dir)
	if _, err := put(store, "object", "x"); err != nil {
		t.Fatal(err)
	}
	for _, link := range []string{"leaf/in", "above"} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(filepath.Join(dir, link)), 0o755), os.Symlink(outside, filepath.Join(dir, link))); err != nil {
			t.Fatal(err)
		}
	}
	keys := []string{"leaf/in/k", "above/a/k", "object/k", "object/a/k", "leaf/good/k"}
	var objects []worm.Small
	for _, key := range keys {
		objects = append(objects, worm.Small{Key: key, Body: []byte("x")})
	}
	for i, err := range store.PutAll(t.Context(), objects) {
		if (err == nil) != (keys[i] == "leaf/good/k") {
			t.Errorf("%s: %v", keys[i], err)
		}
	}
	if out, err := os.ReadDir(outside); err != nil || len(out) != 0 {
		t.Errorf("outside there is %v, %v", out, err)
	}
}
