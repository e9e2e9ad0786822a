package servers

import (
	"os"
	"os/exec"
	"testing"
)

// Chromium returns the path of a Chromium or Chrome. Where there is none, a test that
// runs as root on Debian installs the package chromium if CI or HOLDFAST_TEST_INSTALL
// is set; any other is skipped with a message.
func Chromium(t testing.TB) string {
	t.Helper()
	if path := browser(); path != "" {
		return path
	}
	wanted := os.Getenv("CI") != "" || os.Getenv("HOLDFAST_TEST_INSTALL") != ""
	if _, err := exec.LookPath("apt-get"); err != nil || !wanted || os.Getuid() != 0 || os.Getenv("HOLDFAST_TEST_OFFLINE") != "" {
		t.Skip("SKIPPED: Chromium is not installed; install it, or run as root on Debian with HOLDFAST_TEST_INSTALL=1")
	}
	for _, args := range [][]string{{"update"}, {"install", "-y", "--no-install-recommends", "chromium"}} {
		cmd := exec.CommandContext(t.Context(), "apt-get", args...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("apt-get %v: %v\n%s", args, err, out)
		}
	}
	return browser()
}

func browser() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}
