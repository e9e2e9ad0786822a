package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/holdfast-archive/holdfast/retention/worm/wormtest/servers"
)

// What the project's README has a newcomer type, from a packet of their own to cosign's
// word for it, runs as it stands: with the very programs that it installs, at a port that
// is free.
func TestPathOfANewcomer(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED: %s is not here", tool)
		}
	}
	script, path := newcomers(t), os.Getenv("PATH")
	for _, program := range []string{servers.VersityGateway(t), servers.Cosign(t)} {
		dir := filepath.Dir(program)
		path = dir + string(os.PathListSeparator) + path
		if name, version, _ := strings.Cut(filepath.Base(dir), "-"); !strings.Contains(script, "/"+name+"@"+version+"\n") {
			t.Errorf("%s is not what is installed", filepath.Base(dir))
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	script = strings.ReplaceAll(script, "127.0.0.1:7070", listener.Addr().String())
	listener.Close()

	session := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", "trap 'kill $(jobs -p) || true' EXIT\ngo() { echo \"go $*\"; }\n"+script)
	session.Dir, session.Env = t.TempDir(), append(os.Environ(), "PATH="+path)
	out, err := session.CombinedOutput()
	if err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	for _, said := range []string{"row 1  pp-web-47  exported", "row 2 binds INC-7 to row 1", "row 1 proven", "nothing is broken"} {
		if !strings.Contains(string(out), said) {
			t.Errorf("it never says %q", said)
		}
	}
	if n := strings.Count(string(out), "Verified OK"); n != 2 {
		t.Errorf("cosign verifies %d files, want packet and scorecard", n)
	}
	if t.Failed() {
		t.Logf("%s", out)
	}
}

// newcomers is the shell of the README's chapter for them.
func newcomers(t *testing.T) (script string) {
	b, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(b), "\n## Your own packet\n")
	text, _, _ = strings.Cut(text, "\n## ")
	blocks := strings.Split(text, "```sh\n")
	for _, block := range blocks[1:] {
		block, _, _ = strings.Cut(block, "```")
		script += fmt.Sprintln(block)
	}
	if len(blocks) != 4 {
		t.Fatalf("the chapter has %d blocks", len(blocks)-1)
	}
	return script
}
