// Package scripttest has the examples' scripts run as they are run in earnest: by their
// own interpreter, with exportctl in PATH.
package scripttest

import (
	"errors"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest/servers"
)

// Machine is one that scripts run on.
type Machine struct {
	Dir    string           // is empty but for the key, and for the bucket once there is one
	Bucket string           // the URL of one that the first export makes
	Key    string           // a file; its public half lies beside it, as .pub
	Signer *manifest.Signer // has the key

	bin string // the folder of exportctl
}

// NewMachine makes a machine for the length of a test. The test is skipped where one of
// the tools that its scripts need is not installed.
func NewMachine(t *testing.T, tools ...string) Machine {
	t.Helper()
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED: the scripts need %s, which is not installed", tool)
		}
	}
	m := Machine{Dir: t.TempDir(), bin: filepath.Dir(servers.Program(t, "../exportctl"))}
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
	cmd.Env = append(os.Environ(), "PATH="+m.bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	cmd.Env = append(cmd.Env, env...)
	b, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(b), cmd.ProcessState.ExitCode()
}
