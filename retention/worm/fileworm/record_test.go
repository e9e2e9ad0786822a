//go:build unix

package fileworm

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gocloud.dev/blob/fileblob"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// A line of a lock record that was cut off spoils neither those before it nor
// those after.
func TestTornRecordLines(t *testing.T) {
	dir := t.TempDir()
	_, store := openDir(t, dir)
	stored, err := put(store, "a/k", "body")
	if err != nil {
		t.Fatal(err)
	}
	record := filepath.Join(dir, "a", ".k.lock")
	have := lock
	for _, torn := range []string{"\n{\"sha256\":\"", "garbage", "\n\n\n{}\n", "\n{\"sha256\":\"zz\",\"legal_hold\":false}\n", "\x00\x00"} {
		f, err := os.OpenFile(record, os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(torn); err != nil {
			t.Fatal(err)
		}
		f.Close()
		wantLock(t, store, stored.Ref, have)
		have.Until = have.Until.AddDate(1, 0, 0)
		if err := store.Extend(t.Context(), stored.Ref, have); err != nil {
			t.Errorf("extend after %q: %v", torn, err)
		}
		wantLock(t, store, stored.Ref, have)
		held := have
		held.LegalHold = true
		if err := store.SetLegalHold(t.Context(), stored.Ref, true); err != nil {
			t.Error(err)
		}
		wantLock(t, store, stored.Ref, held)
		if err := store.SetLegalHold(t.Context(), stored.Ref, false); err != nil {
			t.Error(err)
		}
	}
}

func wantLock(t *testing.T, store *worm.Store, ref worm.Ref, want retention.Lock) {
	t.Helper()
	o, err := store.State(t.Context(), ref)
	if err != nil || !o.Lock.Covers(want) || !want.Covers(o.Lock) {
		t.Errorf("%s is under %s (%v), want %s", ref, o.Lock, err, want)
	}
}

// A loser of the race leaves a line about its own bytes, which counts for nothing.
func TestLosersLinesCountForNothing(t *testing.T) {
	d, store := openDir(t, t.TempDir())
	stored, err := put(store, "k", "body")
	if err != nil {
		t.Fatal(err)
	}
	loser := record{SHA256: worm.Sum([]byte("other"))}.with(retention.Lock{Mode: retention.Compliance, Until: lock.Until.AddDate(50, 0, 0)})
	if err := d.append("k", loser, nil); err != nil {
		t.Fatal(err)
	}
	wantLock(t, store, stored.Ref, lock)
	if body, err := store.Read(t.Context(), stored.Ref, 10); err != nil || string(body) != "body" {
		t.Errorf("read %q, %v", body, err)
	}
}

// Bytes that are not on record are not handed out as if they were.
func TestEditedBytesAreNoticed(t *testing.T) {
	dir := t.TempDir()
	_, store := openDir(t, dir)
	stored, err := put(store, "k", "body")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "k")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o444 {
		t.Errorf("the object's mode is %v (%v), want read-only", info.Mode(), err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("bodx"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Read(t.Context(), stored.Ref, 10); !errors.Is(err, worm.ErrCorrupt) {
		t.Errorf("read: %v", err)
	}
}

// Without its record an object is under no lock, and none is made up for it.
func TestLostRecord(t *testing.T) {
	dir := t.TempDir()
	_, store := openDir(t, dir)
	stored, err := put(store, "k", "body")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, ".k.lock")); err != nil {
		t.Fatal(err)
	}
	wantLock(t, store, stored.Ref, retention.Lock{})
	if err := store.Extend(t.Context(), stored.Ref, lock); !errors.Is(err, worm.ErrCorrupt) {
		t.Errorf("extend: %v", err)
	}
	if err := store.SetLegalHold(t.Context(), stored.Ref, true); !errors.Is(err, worm.ErrCorrupt) {
		t.Errorf("hold: %v", err)
	}
}

// Links lead nowhere: not for an object, not for a folder.
func TestPlantedLinks(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, store := openDir(t, dir)
	for name, target := range map[string]string{"file": filepath.Join(outside, "secret"), "folder": outside} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if body, err := store.Read(t.Context(), worm.Ref{Key: "file"}, 10); !errors.Is(err, worm.ErrCorrupt) {
		t.Errorf("read through a link: %q, %v", body, err)
	}
	if body, err := store.Read(t.Context(), worm.Ref{Key: "folder/secret"}, 10); err == nil {
		t.Errorf("read through a linked folder: %q", body)
	}
	if _, err := put(store, "folder/new", "body"); err == nil {
		t.Error("wrote through a linked folder")
	}
	if left, _ := os.ReadDir(outside); len(left) != 1 {
		t.Errorf("outside there is now %v", left)
	}
}

// No key is both an object and a folder of others, whichever comes first.
func TestObjectOrFolder(t *testing.T) {
	_, store := openDir(t, t.TempDir())
	for _, keys := range [][2]string{{"a", "a/b"}, {"c/d", "c"}} {
		if _, err := put(store, keys[0], "body"); err != nil {
			t.Fatal(err)
		}
		if _, err := put(store, keys[1], "body"); err == nil || errors.Is(err, worm.ErrOutcomeUnknown) {
			t.Errorf("%s and then %s: %v", keys[0], keys[1], err)
		}
		if body, err := store.Read(t.Context(), worm.Ref{Key: keys[0]}, 10); err != nil || string(body) != "body" {
			t.Errorf("%s: %q, %v", keys[0], body, err)
		}
	}
}

// What dead writers left in staging goes after an hour; what live ones hold stays,
// however old.
func TestSweep(t *testing.T) {
	dir := t.TempDir()
	d, _ := openDir(t, dir)
	if err := d.makeFolder(stagingFolder); err != nil {
		t.Fatal(err)
	}
	long := time.Now().Add(-2 * abandonedAfter)
	for name, at := range map[string]time.Time{"dead": long, "young": time.Now(), "alive": long, "dead folder": long, "young folder": time.Now()} {
		path := filepath.Join(dir, stagingFolder, name)
		if strings.HasSuffix(name, "folder") {
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
			path = filepath.Join(path, "0")
		}
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		path = filepath.Join(dir, stagingFolder, name)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Open(filepath.Join(dir, stagingFolder, "alive"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := tryLock(f); err != nil {
		t.Fatal(err)
	}
	openDir(t, dir)
	entries, err := os.ReadDir(filepath.Join(dir, stagingFolder))
	if err != nil || len(entries) != 3 || entries[0].Name() != "alive" || entries[1].Name() != "young" || entries[2].Name() != "young folder" {
		t.Errorf("in staging there is %v, %v", entries, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	for url, hint := range map[string]string{
		"file://" + dir + "/absent":                    "create_dir=true",
		"file://host" + dir:                            "file:///absolute",
		"file://":                                      "names no directory",
		"file://" + dir + "?createdir=true":            "unknown parameter createdir",
		"file://" + dir + "?create_dir=yes":            "unknown parameter create_dir=yes",
		"file://" + dir + "?prefix=../up/":             "bad key",
		"file:///dev/null":                             "not a directory",
		"file://" + dir + "/absent/deeper?prefix=a%2F": "no such file",
	} {
		if _, err := worm.Open(t.Context(), url); err == nil || !strings.Contains(err.Error(), hint) {
			t.Errorf("%s: %v; want a hint of %q", url, err, hint)
		}
	}
	b, err := fileblob.OpenBucket(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if _, err := worm.OpenBucket(t.Context(), b); !errors.Is(err, worm.ErrUnsupported) || !strings.Contains(err.Error(), "file://") {
		t.Errorf("a fileblob bucket: %v", err)
	}
}

func TestOpenRelative(t *testing.T) {
	t.Chdir(t.TempDir())
	store, err := worm.Open(t.Context(), "file://./evidence/here?create_dir=true")
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if _, err := put(store, "k", "body"); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile("evidence/here/k"); err != nil || string(b) != "body" {
		t.Errorf("the object's file has %q, %v", b, err)
	}
}
