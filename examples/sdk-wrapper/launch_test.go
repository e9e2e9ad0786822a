package launch_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	launch "github.com/holdfast-archive/holdfast/examples/sdk-wrapper"
)

var given = launch.Launch{
	ID: "L-2026-0811-payments", Service: "payments", Image: "registry.example/payments@sha256:da41",
	GivenBy: "release-board", GivenAt: time.Date(2026, 8, 11, 8, 12, 0, 0, time.UTC),
	Signal: launch.Green, Countries: []string{"KR"},
}

func TestFromPromotionToTicket(t *testing.T) {
	m := local(t, t.TempDir())
	scorecard := filepath.Join(t.TempDir(), "scorecard.txt")
	must(t, os.WriteFile(scorecard, []byte("crash-free 99.6%"), 0o644))
	l := given
	l.Scorecards = []string{scorecard}
	receipt, err := m.Promote(t.Context(), l)
	must(t, err)
	if years := time.Until(receipt.KeptUntil).Hours() / 24 / 365; receipt.Number != 1 || years < 6.9 {
		t.Errorf("launch %d is kept for %.1f years; Korea wants seven", receipt.Number, years)
	}
	if again, err := m.Promote(t.Context(), l); err != nil || again != receipt {
		t.Errorf("again it is %+v, %v", again, err)
	}
	for range 2 {
		must(t, m.RolledBack(t.Context(), launch.Rollback{ID: "rb-1", LaunchID: l.ID, Ticket: "INC-1", By: "on-call"}))
	}
	launched, err := m.Recall(t.Context(), "INC-1")
	must(t, err)
	if len(launched) != 1 || !launched[0].Proven || !bytes.Contains(launched[0].Document, []byte(`"service": "payments"`)) {
		t.Errorf("%+v", launched)
	}
}

func TestErrorsAreTheCompanys(t *testing.T) {
	m := local(t, t.TempDir())
	_, err := m.Promote(t.Context(), launch.Launch{ID: "L-1"})
	if !errors.Is(err, launch.ErrNotReady) || !strings.Contains(err.Error(), "promotion_decision_at_utc") {
		t.Errorf("a launch without a time: %v", err)
	}
	if err := m.RolledBack(t.Context(), launch.Rollback{ID: "rb-1", LaunchID: "L-2", By: "on-call"}); !errors.Is(err, launch.ErrUnknown) {
		t.Errorf("a launch that never was: %v", err)
	}
	if err := m.RolledBack(t.Context(), launch.Rollback{ID: "rb-1", LaunchID: "L-2"}); err == nil || errors.Is(err, launch.ErrUnknown) {
		t.Errorf("a rollback that nobody answers for: %v", err)
	}
}

// While the record cannot be reached, launches wait on this machine and go on.
func TestQueued(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "launches"), nil, 0o644)) // no directory can be made here
	m, err := launch.Local(t.Context(), dir)
	must(t, err)
	_, err = m.Promote(t.Context(), given)
	if !errors.Is(err, launch.ErrQueued) {
		t.Fatalf("it says %v", err)
	}
	must(t, m.Close())
	must(t, os.Remove(filepath.Join(dir, "launches")))
	receipt, err := local(t, dir).Promote(t.Context(), given)
	if err != nil || receipt.Number != 1 {
		t.Errorf("launch %d, %v", receipt.Number, err)
	}
}

// Neither what callers see of the package nor what they import has a name from below.
func TestHidesWhatIsBelow(t *testing.T) {
	doc, err := exec.CommandContext(t.Context(), "go", "doc", "-all", ".").Output()
	must(t, err)
	if below := regexp.MustCompile(`holdfast/(archive|linkage|exportlog|retention)|\b(archive|linkage|exportlog|policy|manifest)\.[A-Z]`).Find(doc); below != nil {
		t.Errorf("the package shows %s", below)
	}
	imports, err := exec.CommandContext(t.Context(), "go", "list", "-f", `{{join .Imports "\n"}}`, "./service").Output()
	must(t, err)
	for path := range strings.FieldsSeq(string(imports)) {
		if strings.HasPrefix(path, "github.com/holdfast-archive/") && !strings.HasSuffix(path, "/examples/sdk-wrapper") {
			t.Errorf("a service imports %s", path)
		}
	}
}

func TestServiceRuns(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "run", "./service", filepath.Join(t.TempDir(), "launches")).CombinedOutput()
	if err != nil || !strings.HasSuffix(string(out), "INC-2888 is about launch 1 proven: true\n") {
		t.Errorf("%v: %s", err, out)
	}
}

func local(t *testing.T, dir string) *launch.Meridian {
	t.Helper()
	m, err := launch.Local(t.Context(), dir)
	must(t, err)
	t.Cleanup(func() { m.Close() })
	return m
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
