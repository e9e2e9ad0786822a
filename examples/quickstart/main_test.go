package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The quickstart runs, runs again without adding anything, and notices what was
// changed.
func TestQuickstart(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := run(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := count(t)
	if err := run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := count(t); after != before {
		t.Errorf("%d files after the first run, %d after the second", before, after)
	}
	found, err := filepath.Glob(filepath.Join(home, "bucket", "packets", "*", "*", "packet.json"))
	if err != nil || len(found) != 3 {
		t.Fatalf("%v, %v", found, err)
	}
	if err := os.Chmod(found[0], 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(found[0], []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context()); err == nil || !strings.Contains(err.Error(), "marked ✗") {
		t.Errorf("after a packet was rewritten: %v", err)
	}
}

func count(t *testing.T) (n int) {
	t.Helper()
	err := filepath.WalkDir(home, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
