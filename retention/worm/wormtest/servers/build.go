package servers

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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
	lock, err := os.OpenFile(filepath.Join(dir, ".lock"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
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
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED: %s needs %s, which is not installed", pkg, tool)
		}
	}
	return installed(t, pkg+"-"+version, filepath.Join("node_modules", ".bin", program), func(string) *exec.Cmd {
		return exec.CommandContext(t.Context(), "npm", "install", "--no-audit", "--no-fund", "--prefix", ".", pkg+"@"+version)
	})
}
