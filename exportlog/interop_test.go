package exportlog_test

import (
	"os"
	"os/exec"
	"testing"
)

// Other people's code takes what we write: Tessera's fsck and ProofBuilder,
// transparency-dev's proof verifiers, DuckDB. They live in a module of their own, so
// that they weigh on nobody; the first run fetches and builds them.
func TestOthersAcceptOurLog(t *testing.T) {
	if testing.Short() || os.Getenv("HOLDFAST_TEST_OFFLINE") != "" {
		t.Skip("it would fetch other people's code")
	}
	cmd := exec.CommandContext(t.Context(), "go", "test", "./...")
	cmd.Dir = "interop"
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
