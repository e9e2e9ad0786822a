package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/linkage"
)

// fleet is two hosts on release r1, with r2 there to be deployed, and a service that
// answers with a status.
func fleet(t *testing.T, status int) (plan string, hosts []string) {
	t.Helper()
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	t.Cleanup(service.Close)
	dir := t.TempDir()
	for _, name := range []string{"host-1", "host-2"} {
		host := filepath.Join(dir, name)
		for _, release := range []string{"r1", "r2"} {
			must(t, os.MkdirAll(filepath.Join(host, "releases", release), 0o755))
		}
		must(t, os.Symlink("releases/r1", filepath.Join(host, "current")))
		hosts = append(hosts, host)
	}
	b, err := json.Marshal(Plan{DeployID: "dep-7501-27", Service: "payments", Release: "r2", Hosts: hosts,
		HealthURL: service.URL, Owner: "payments on-call", Packet: "testdata/payments"})
	must(t, err)
	plan = filepath.Join(dir, "plan.json")
	must(t, os.WriteFile(plan, b, 0o644))
	return plan, hosts
}

// bucket is a directory for the evidence, a key and a spool, as the tool is told of them.
func bucket(t *testing.T) (open func() *archive.Archive) {
	t.Helper()
	dir := t.TempDir()
	signer, err := manifest.CreateKey(filepath.Join(dir, "key"))
	must(t, err)
	t.Setenv("SHIPIT_KEY", filepath.Join(dir, "key"))
	t.Setenv("SHIPIT_SPOOL", filepath.Join(dir, "spool"))
	t.Setenv("SHIPIT_EVIDENCE", (&url.URL{Scheme: "file", Path: filepath.Join(dir, "bucket"), RawQuery: "create_dir=true"}).String())
	return func() *archive.Archive {
		a, err := archive.Open(t.Context(), os.Getenv("SHIPIT_EVIDENCE"), archive.Config{Verifier: signer.Verifier()})
		must(t, err)
		t.Cleanup(func() { a.Close() })
		return a
	}
}

func TestPromote(t *testing.T) {
	plan, hosts := fleet(t, http.StatusOK)
	open := bucket(t)
	must(t, run(t.Context(), plan))
	wantRelease(t, hosts, "releases/r2")
	found, err := linkage.New(open()).Locate(t.Context(), exportlog.Query{PromotionPacketID: "pp-20260811-payments-0027"})
	must(t, err)
	if found.Export.ExportRowID != 1 || len(found.Links) != 0 {
		t.Errorf("row %d with %d links", found.Export.ExportRowID, len(found.Links))
	}
}

func TestRollback(t *testing.T) {
	plan, hosts := fleet(t, http.StatusServiceUnavailable)
	open := bucket(t)
	for range 2 { // the second time the same packet and the same rollback are found
		if err := run(t.Context(), plan); err == nil || !strings.Contains(err.Error(), "back to r1") {
			t.Fatalf("the tool says %v", err)
		}
		wantRelease(t, hosts, "releases/r1")
	}
	proofs, err := linkage.New(open()).Prove(t.Context(), exportlog.Query{RollbackEventID: "rb-dep-7501-27"})
	must(t, err)
	if len(proofs) != 1 || proofs[0].Problem != nil || proofs[0].Export.ExportRowID != 1 || len(proofs[0].Links) != 1 {
		t.Fatalf("%+v", proofs)
	}
	if said := proofs[0].Links[0].DivergenceSummary; !strings.Contains(said, "503") {
		t.Errorf("the link says %q", said)
	}
}

// A bucket that is down holds up no release: the evidence waits, and is exported later.
func TestBucketIsDown(t *testing.T) {
	plan, hosts := fleet(t, http.StatusOK)
	open := bucket(t)
	there := os.Getenv("SHIPIT_EVIDENCE")
	t.Setenv("SHIPIT_EVIDENCE", strings.TrimSuffix(there, "?create_dir=true")) // the share is not mounted
	must(t, run(t.Context(), plan))
	wantRelease(t, hosts, "releases/r2")
	if waiting, err := os.ReadDir(os.Getenv("SHIPIT_SPOOL")); err != nil || len(waiting) == 0 {
		t.Fatalf("nothing waits in the spool: %v", err)
	}
	t.Setenv("SHIPIT_EVIDENCE", there)
	must(t, run(t.Context(), plan))
	if rows, err := open().Log().Find(t.Context(), exportlog.Query{PromotionPacketID: "pp-20260811-payments-0027"}); err != nil || len(rows) != 1 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
}

// The README shows what was added, and nothing else.
func TestREADMEShowsTheLinesAdded(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	must(t, err)
	diff, _ := exec.CommandContext(t.Context(), "diff", "-u", "--label", "before/main.go", "--label", "main.go", "before/main.go", "main.go").Output()
	if len(diff) == 0 {
		t.Skip("SKIPPED: diff is not here")
	}
	if !strings.Contains(string(readme), "```diff\n"+string(diff)+"```\n") {
		t.Errorf("the README's diff is not this one:\n%s", diff)
	}
	if removed := regexp.MustCompile(`(?m)^-[^-]`).FindString(string(diff)); removed != "" {
		t.Error("a line was removed; lines are only added")
	}
}

func wantRelease(t *testing.T, hosts []string, want string) {
	t.Helper()
	for _, host := range hosts {
		if got, err := os.Readlink(filepath.Join(host, "current")); err != nil || got != want {
			t.Errorf("%s has %s, %v", host, got, err)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
