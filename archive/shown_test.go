package archive_test

import (
	"os/exec"
	"strings"
	"testing"
)

// A command that a doc comment shows after a dollar sign says what stands below it, in the
// bucket that is the worked example.
func TestShownCommandsSayWhatIsShown(t *testing.T) {
	for _, tool := range []string{"bash", "jq", "sha256sum"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED: %s is not here", tool)
		}
	}
	shown := 0
	for _, p := range documented(t) {
		for _, code := range p.code() {
			for _, part := range strings.Split("\n"+code, "\n$ ")[1:] {
				shown++
				command, want, _ := strings.Cut(strings.TrimSuffix(part, "\n"), "\n")
				cmd := exec.CommandContext(t.Context(), "bash", "-c", command)
				cmd.Dir = "testdata/golden-v1/bucket"
				got, err := cmd.CombinedOutput()
				if said := strings.TrimSuffix(string(got), "\n"); err != nil || said != want {
					t.Errorf("%s: %s\nsays   %s\nshown  %s (%v)", p.ImportPath, command, said, want, err)
				}
			}
		}
	}
	if shown == 0 {
		t.Error("no doc comment shows a command")
	}
}
