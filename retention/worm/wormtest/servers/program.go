package servers

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// programs are the paths of what this process has had built, by package folder.
var programs sync.Map

// Program builds the program of this module that lies in a folder, ../exportctl for one,
// and returns its path, in a folder where nothing else is that can be run. Linking takes
// seconds, so what was built for another package's tests, or in another run, is taken if
// its sources are still the same.
func Program(t testing.TB, folder string) (path string) {
	t.Helper()
	folder, err := filepath.Abs(folder)
	if err != nil {
		t.Fatal(err)
	}
	if path, ok := programs.Load(folder); ok {
		return path.(string)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, "holdfast", "programs", fmt.Sprintf("%x", sha256.Sum256([]byte(folder)))[:16])
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	defer locked(t, filepath.Join(dir, ".lock")).Close()
	path = filepath.Join(dir, filepath.Base(folder))
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-ldflags=-s -w", "-o", path, folder).CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", folder, err, out)
	}
	programs.Store(folder, path)
	return path
}
