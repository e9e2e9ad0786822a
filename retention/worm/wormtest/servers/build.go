package servers

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// installed returns the path of a file in a server's own cache folder, after
// running install in that folder if the file is not there. Of processes that come
// at once, one installs and the others wait for it.
func installed(t testing.TB, name, file string, install func(dir string) *exec.Cmd) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, "holdfast", "servers", name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	defer locked(t, filepath.Join(dir, ".lock")).Close()
	path := filepath.Join(dir, file)
	if _, err := os.Stat(path); err == nil {
		return path
	}
	if os.Getenv("HOLDFAST_TEST_OFFLINE") != "" {
		t.Skipf("SKIPPED: %s is not installed, and HOLDFAST_TEST_OFFLINE forbids to fetch it", name)
	}
	fmt.Fprintf(os.Stderr, "installing %s into %s, once; this may take a few minutes\n", name, dir)
	cmd := install(dir)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("install %s: %v\n%s\n(set HOLDFAST_TEST_OFFLINE=1 to skip what needs it)", name, err, out)
	}
	return path
}

// locked waits until no other process has a file locked, and locks it until it is
// closed.
func locked(t testing.TB, path string) *os.File {
	t.Helper()
	lock, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	return lock
}

// alone keeps other processes, and other tests, from a server until the test ends.
func alone(t testing.TB, server string) {
	t.Helper()
	lock := locked(t, filepath.Join(os.TempDir(), "holdfast-"+server+".lock"))
	t.Cleanup(func() { lock.Close() })
}

// goInstalled builds a program with go install.
func goInstalled(t testing.TB, pkg, program, version string) string {
	t.Helper()
	return installed(t, program+"-"+version, program, func(dir string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), "go", "install", pkg+"@"+version)
		cmd.Env = append(os.Environ(), "GOBIN="+dir, "GOFLAGS=")
		return cmd
	})
}

// npmInstalled installs a package's program with npm.
func npmInstalled(t testing.TB, pkg, program, version string) string {
	t.Helper()
	return filepath.Join(npmFolder(t, pkg, version), ".bin", program)
}

// npmFolder installs a package with npm and returns its node_modules.
func npmFolder(t testing.TB, pkg, version string) string {
	t.Helper()
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED: %s needs %s, which is not installed", pkg, tool)
		}
	}
	folder := strings.NewReplacer("@", "", "/", "-").Replace(pkg) + "-" + version
	manifest := installed(t, folder, filepath.Join("node_modules", filepath.FromSlash(pkg), "package.json"), func(string) *exec.Cmd {
		return exec.CommandContext(t.Context(), "npm", "install", "--no-audit", "--no-fund", "--prefix", ".", pkg+"@"+version)
	})
	return filepath.Join(strings.TrimSuffix(manifest, filepath.Join(filepath.FromSlash(pkg), "package.json")))
}
