package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/holdfast-archive/holdfast/retention/worm/wormtest/servers"
)

// tool is a way to check a folder of evidence.
type tool struct {
	name    string
	missing string // what of it is not here; empty if it can be run
	cmd     func(dir string) *exec.Cmd
}

// tools are the four ways. Cosign and @sigstore/verify are installed if they are not
// here yet.
func tools(t *testing.T) []tool {
	t.Helper()
	auditor, err := auditor()
	if err != nil {
		t.Fatal(err)
	}
	scripts, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	run := func(env []string, program string, args ...string) func(dir string) *exec.Cmd {
		return func(dir string) *exec.Cmd {
			cmd := exec.CommandContext(t.Context(), program, append(args, dir)...)
			cmd.Env = append(os.Environ(), env...)
			return cmd
		}
	}
	openssl := tool{name: "openssl", missing: absent("bash", "openssl", "jq", "base64"), cmd: run(nil, scripts+"/openssl.sh")}
	cosign := tool{name: "cosign", missing: absent("bash") + offline("cosign-v3.1.3/cosign")}
	if cosign.missing == "" {
		path := filepath.Dir(servers.Cosign(t)) + string(os.PathListSeparator) + os.Getenv("PATH")
		cosign.cmd = run([]string{"PATH=" + path}, scripts+"/cosign.sh")
	}
	npm := tool{name: "@sigstore/verify", missing: absent("node", "npm") + offline("sigstore-verify-4.1.3/node_modules/@sigstore/verify/package.json")}
	if npm.missing == "" {
		npm.cmd = run([]string{"NODE_PATH=" + servers.NPM(t, "@sigstore/verify", "4.1.3")}, "node", scripts+"/verify.js")
	}
	return []tool{{name: "sigstore-go", cmd: run(nil, auditor)}, openssl, cosign, npm}
}

// each runs a test with each of the tools that are here, and says which are not.
func each(t *testing.T, all []tool, test func(t *testing.T, tool tool)) {
	t.Helper()
	for _, tool := range all {
		t.Run(tool.name, func(t *testing.T) {
			if tool.missing != "" {
				t.Skipf("SKIPPED: %s is not here", tool.missing)
			}
			test(t, tool)
		})
	}
}

// auditor is the program, built once, in a folder of its own, as a module that does
// not have ours.
var auditor = sync.OnceValues(func() (string, error) {
	for from, to := range map[string]string{"main.go": "main.go", "../../go.mod": "go.mod", "../../go.sum": "go.sum"} {
		content, err := os.ReadFile(from)
		if err != nil {
			return "", err
		}
		content = bytes.Replace(content, []byte("module github.com/holdfast-archive/holdfast"), []byte("module auditor"), 1)
		if err := os.WriteFile(filepath.Join(elsewhere, to), content, 0o644); err != nil {
			return "", err
		}
	}
	cmd := exec.Command("go", "build", "-o", "auditor", ".")
	cmd.Dir = elsewhere
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=readonly", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return filepath.Join(elsewhere, "auditor"), nil
})

// elsewhere is the folder that the program is built in.
var elsewhere string

func TestMain(m *testing.M) {
	var err error
	if elsewhere, err = os.MkdirTemp("", "auditor-*"); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(elsewhere)
	os.Exit(code)
}

// absent names the first program that is not here.
func absent(programs ...string) string {
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			return p
		}
	}
	return ""
}

// offline names a tool that is missing and may not be fetched.
func offline(file string) string {
	cache, err := os.UserCacheDir()
	if err != nil || os.Getenv("HOLDFAST_TEST_OFFLINE") == "" {
		return ""
	}
	if _, err = os.Stat(filepath.Join(cache, "holdfast", "servers", file)); err != nil {
		return file
	}
	return ""
}

func wantAccepted(t *testing.T, what string, cmd *exec.Cmd) {
	t.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", what, err, out)
	}
}

func wantRefused(t *testing.T, what string, cmd *exec.Cmd) {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if _, exited := err.(*exec.ExitError); !exited {
		t.Errorf("%s: not refused: %v\n%s", what, err, out)
	}
}
