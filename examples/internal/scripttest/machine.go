// Package scripttest has the examples' scripts run as they are run in earnest: by their
// own interpreter, with exportctl in PATH.
package scripttest

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/holdfast-archive/holdfast/archive/manifest"
)

// Machine is one that scripts run on.
type Machine struct {
	Dir    string           // is empty but for the key, and for the bucket once there is one
	Bucket string           // the URL of one that the first export makes
	Key    string           // a file; its public half lies beside it, as .pub
	Signer *manifest.Signer // has the key
}

// NewMachine makes a machine for the length of a test. The test is skipped where one of
// the tools that its scripts need is not installed. Its package's TestMain is [Main].
func NewMachine(t *testing.T, tools ...string) Machine {
	t.Helper()
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED: the scripts need %s, which is not installed", tool)
		}
	}
	if err := build(); err != nil {
		t.Fatal(err)
	}
	m := Machine{Dir: t.TempDir()}
	m.Bucket = (&url.URL{Scheme: "file", Path: m.Dir + "/bucket", RawQuery: "create_dir=true"}).String()
	m.Key = m.Dir + "/key"
	var err error
	if m.Signer, err = manifest.CreateKey(m.Key); err != nil {
		t.Fatal(err)
	}
	return m
}

// Run runs a program with more in its environment, and returns what it printed and its
// exit status. One that cannot be started ends the test.
func (m Machine) Run(t *testing.T, env []string, program string, args ...string) (out string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	cmd.Env = append(cmd.Env, env...)
	b, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(b), cmd.ProcessState.ExitCode()
}

// bin is the folder that exportctl is built into, once, by the first test that needs it.
var bin string

var build = sync.OnceValue(func() error {
	out, err := exec.Command("go", "build", "-ldflags=-s -w", "-o", filepath.Join(bin, "exportctl"),
		"github.com/holdfast-archive/holdfast/examples/exportctl").CombinedOutput()
	if err != nil {
		return fmt.Errorf("build exportctl: %w: %s", err, out)
	}
	return nil
})

// Main runs a package's tests, and returns the exit status.
func Main(m *testing.M) int {
	var err error
	if bin, err = os.MkdirTemp("", "exportctl-*"); err != nil {
		panic(err)
	}
	defer os.RemoveAll(bin)
	return m.Run()
}
