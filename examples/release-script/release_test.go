package release_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/examples/internal/scripttest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/linkage"
	_ "github.com/holdfast-archive/holdfast/retention/worm/fileworm"
)

const payments = "../quickstart/testdata/payments"

// machine is one that the scripts run on, set up as they want it.
type machine struct {
	scripttest.Machine
	env     []string
	archive *archive.Archive
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{Machine: scripttest.NewMachine(t, "sh", "jq", "sha256sum")}
	m.env = []string{"SERVICE_OWNER=payments on-call", "HOLDFAST_BUCKET=" + m.Bucket, "HOLDFAST_KEY=" + m.Key, "HOLDFAST_OPERATOR=release-ops/release.sh"}
	var err error
	m.archive, err = archive.Open(t.Context(), m.Bucket, archive.Config{Verifier: m.Signer.Verifier()})
	must(t, err)
	t.Cleanup(func() { m.archive.Close() })
	return m
}

// script runs a script with more in its environment.
func (m *machine) script(t *testing.T, env []string, name string, args ...string) (out string, code int) {
	t.Helper()
	return m.Run(t, slices.Concat(m.env, env), "sh", append([]string{name}, args...)...)
}

func (m *machine) proofs(t *testing.T, q exportlog.Query) []linkage.Proof {
	t.Helper()
	proofs, err := linkage.New(m.archive).Prove(t.Context(), q)
	must(t, err)
	return proofs
}

func TestReleaseGoesWell(t *testing.T) {
	m := newMachine(t)
	for range 2 {
		out, code := m.script(t, nil, "release.sh", payments, "dep-7501-27", "echo", "deployed")
		if code != 0 || out != "export row 1\ndeployed\n" {
			t.Fatalf("exit status %d: %s", code, out)
		}
	}
	if p := m.proofs(t, exportlog.Query{PromotionPacketID: "pp-payments-0027"}); len(p) != 1 || p[0].Problem != nil || len(p[0].Links) != 0 {
		t.Errorf("%+v", p)
	}
}

func TestReleaseIsRolledBack(t *testing.T) {
	m := newMachine(t)
	if out, code := m.script(t, nil, "release.sh", payments, "dep-7501-27", "false"); code != 1 {
		t.Fatalf("exit status %d: %s", code, out)
	}
	p := m.proofs(t, exportlog.Query{RollbackEventID: "rb-dep-7501-27"})
	if len(p) != 1 || p[0].Export.ExportRowID != 1 || len(p[0].Links) != 1 || p[0].Links[0].LinkOwnerAck != "release-ops: payments on-call" {
		t.Errorf("%+v", p)
	}
}

// Without evidence nothing is deployed, unless it is an outage and there is a spool.
func TestReleaseWithoutEvidence(t *testing.T) {
	m := newMachine(t)
	deployed := m.Dir + "/deployed"
	gone := "HOLDFAST_BUCKET=file://" + m.Dir + "/not-mounted"
	if out, code := m.script(t, []string{gone}, "release.sh", payments, "dep-1", "touch", deployed); code == 0 || exists(deployed) {
		t.Errorf("exit status %d: %s", code, out)
	}
	out, code := m.script(t, []string{gone, "HOLDFAST_SPOOL=" + m.Dir + "/spool"}, "release.sh", payments, "dep-1", "touch", deployed)
	if code != 0 || !exists(deployed) || !strings.Contains(out, "waits in the spool") {
		t.Errorf("exit status %d: %s", code, out)
	}
}

var promoted = []string{"PROMOTED_BY=release-board", "PROMOTED_AT=2026-08-11T08:12:00Z"}

// The whole release is one export, and run again the same.
func TestAfterGoReleaser(t *testing.T) {
	m := newMachine(t)
	var first string
	for range 2 {
		out, code := m.script(t, promoted, "after-goreleaser.sh", "testdata/dist")
		var done struct {
			Receipts []struct {
				ExportRowID int64  `json:"export_row_id"`
				ArchiveURI  string `json:"archive_uri"`
			}
		}
		if err := json.Unmarshal([]byte(out), &done); code != 0 || err != nil || len(done.Receipts) != 1 || done.Receipts[0].ExportRowID != 1 {
			t.Fatalf("exit status %d, %v: %s", code, err, out)
		}
		if first == "" {
			first = done.Receipts[0].ArchiveURI
		} else if first != done.Receipts[0].ArchiveURI {
			t.Errorf("the second run gave another packet: %s, %s", first, done.Receipts[0].ArchiveURI)
		}
	}
	p := m.proofs(t, exportlog.Query{PromotionPacketID: "payments-v1.4.2"})
	if len(p) != 1 || p[0].Problem != nil || len(p[0].Evidence.Packet.Exhibits) != 3 {
		t.Fatalf("%+v", p)
	}
	var document struct {
		Commit    string
		Artifacts []struct{ Name, Type, SHA256 string }
	}
	must(t, json.Unmarshal(p[0].Document, &document))
	sums, err := os.ReadFile("testdata/dist/checksums.txt")
	must(t, err)
	if len(document.Artifacts) != 2 || document.Commit == "" {
		t.Errorf("%s", p[0].Document)
	}
	for _, a := range document.Artifacts {
		if !strings.Contains(string(sums), a.SHA256+"  "+a.Name+"\n") || a.Type != "Archive" {
			t.Errorf("%+v", a)
		}
	}
}

// What is not what GoReleaser made, or nobody promoted, is not exported.
func TestAfterGoReleaserRefuses(t *testing.T) {
	m := newMachine(t)
	dist := m.Dir + "/dist"
	must(t, os.CopyFS(dist, os.DirFS("testdata/dist")))
	if out, code := m.script(t, promoted[:1], "after-goreleaser.sh", dist); code == 0 || !strings.Contains(out, "when was it decided?") {
		t.Errorf("nobody says when: exit status %d: %s", code, out)
	}
	must(t, os.WriteFile(dist+"/payments_1.4.2_linux_amd64.tar.gz", []byte("another"), 0o644))
	if out, code := m.script(t, promoted, "after-goreleaser.sh", dist); code == 0 {
		t.Errorf("another artifact: exit status %d: %s", code, out)
	}
	if rows, err := m.archive.Log().Find(t.Context(), exportlog.Query{PromotionPacketID: "payments-v1.4.2"}); err != nil || len(rows) != 0 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
}

// The job promotes after the release, once, with the script that is here.
func TestGitLab(t *testing.T) {
	b, err := os.ReadFile("gitlab-ci.yml")
	must(t, err)
	var ci struct {
		Promote struct {
			Needs, Script []string
			When          string
		}
	}
	must(t, yaml.Unmarshal(b, &ci))
	script := strings.Join(ci.Promote.Script, "\n")
	if ci.Promote.When != "manual" || len(ci.Promote.Needs) != 1 || ci.Promote.Needs[0] != "release" || !strings.Contains(script, "./after-goreleaser.sh dist") {
		t.Errorf("%+v", ci)
	}
	for _, variable := range []string{"PROMOTED_BY=", "PROMOTED_AT="} {
		if !strings.Contains(script, variable) {
			t.Errorf("it does not say %s", variable)
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
