package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/linkage"
)

// desk is the comment API of a pager or a ticket system. The first answers come from
// fails, then it takes everything.
type desk struct {
	*httptest.Server
	mu       sync.Mutex
	fails    int
	comments []string // path and body
	auth     string
}

func newDesk(t *testing.T) *desk {
	d := &desk{}
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.fails > 0 {
			d.fails--
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		body, _ := io.ReadAll(r.Body)
		d.comments = append(d.comments, r.URL.Path+" "+string(body))
		d.auth = r.Header.Get("Authorization")
		w.WriteHeader(http.StatusCreated)
	}))
	t.Cleanup(d.Close)
	return d
}

// exported is an archive with the promotion that went wrong, in a directory, opened with
// the public key alone.
func exported(t *testing.T) (*archive.Archive, string) {
	t.Helper()
	dir := t.TempDir()
	signer, err := manifest.CreateKey(filepath.Join(dir, "key"))
	must(t, err)
	bucket := filepath.Join(dir, "bucket")
	address := (&url.URL{Scheme: "file", Path: bucket, RawQuery: "create_dir=true"}).String()
	exporter, err := archive.Open(t.Context(), address, archive.Config{Signer: signer, Operator: "release-ops/test"})
	must(t, err)
	packet, err := archive.ReadFolder(os.DirFS("../quickstart/testdata/payments"))
	must(t, err)
	_, err = exporter.Export(t.Context(), packet)
	must(t, err)
	must(t, exporter.Close())
	a, err := open(t.Context(), address, filepath.Join(dir, "key.pub"))
	must(t, err)
	t.Cleanup(func() { a.Close() })
	return a, bucket
}

func serve(t *testing.T, a *archive.Archive, d *desk) *http.ServeMux {
	t.Helper()
	for name, value := range map[string]string{
		"PAGERDUTY_SECRET": "pd secret", "PAGERDUTY_API": d.URL, "PAGERDUTY_TOKEN": "t0ken", "PAGERDUTY_FROM": "release@example.com",
		"JIRA_SECRET": "jira secret", "JIRA_API": d.URL, "JIRA_USER": "release@example.com", "JIRA_TOKEN": "t0ken",
	} {
		t.Setenv(name, value)
	}
	return routes(linkage.New(a).WithResolver(linkage.EventFile("testdata/deploys.jsonl")))
}

// deliver posts a fixture as its sender does, signed with a secret.
func deliver(mux *http.ServeMux, path, header, prefix, secret string, body []byte) int {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
	r.Header.Set(header, prefix+hex.EncodeToString(mac.Sum(nil)))
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	return w.Code
}

func pager(mux *http.ServeMux, body []byte) int {
	return deliver(mux, "/pagerduty", "X-PagerDuty-Signature", "v1="+strings.Repeat("00", 32)+",v1=", "pd secret", body)
}

func TestPagerDuty(t *testing.T) {
	a, _ := exported(t)
	d := newDesk(t)
	mux := serve(t, a, d)
	body := fixture(t, "pagerduty_incident_triggered.json")
	d.fails = 1
	if got := pager(mux, body); got != http.StatusServiceUnavailable {
		t.Errorf("the comment failed and it answers %d", got)
	}
	for range 3 { // sent again, and again
		if got := pager(mux, body); got != http.StatusNoContent {
			t.Fatalf("it answers %d", got)
		}
	}
	rows, err := a.Log().Find(t.Context(), exportlog.Query{IncidentTicketID: "PGR0VU2"})
	must(t, err)
	if len(rows) != 1 || rows[0].SubjectExportRowID != 1 || !strings.Contains(rows[0].DivergenceSummary, "95.5%") {
		t.Fatalf("bound %d times: %+v", len(rows), rows)
	}
	if len(d.comments) != 1 || !strings.HasPrefix(d.comments[0], "/incidents/PGR0VU2/notes ") || d.auth != "Token token=t0ken" {
		t.Fatalf("comments: %q", d.comments)
	}
	for _, want := range []string{"export row 1", "pp-payments-0027", "Proven:", "content_integrity_reference: sha256:", "SLA"} {
		if !strings.Contains(d.comments[0], want) {
			t.Errorf("the comment does not say %q: %s", want, d.comments[0])
		}
	}
}

// The issue has an artifact, at a mirror: the digest leads to the deploy and its packet.
func TestJira(t *testing.T) {
	a, _ := exported(t)
	d := newDesk(t)
	mux := serve(t, a, d)
	if got := deliver(mux, "/jira", "X-Hub-Signature", "sha256=", "jira secret", fixture(t, "jira_issue_created.json")); got != http.StatusNoContent {
		t.Fatalf("it answers %d", got)
	}
	proofs, err := linkage.New(a).Prove(t.Context(), exportlog.Query{IncidentTicketID: "OPS-2888"})
	if err != nil || len(proofs) != 1 || proofs[0].Export.ExportRowID != 1 {
		t.Fatalf("%+v, %v", proofs, err)
	}
	if len(d.comments) != 1 || !strings.HasPrefix(d.comments[0], "/rest/api/2/issue/OPS-2888/comment ") {
		t.Errorf("comments: %q", d.comments)
	}
}

// Evidence that was changed is said to be so.
func TestChangedEvidence(t *testing.T) {
	a, bucket := exported(t)
	d := newDesk(t)
	mux := serve(t, a, d)
	documents, err := filepath.Glob(bucket + "/packets/*/*/packet.json")
	must(t, err)
	must(t, os.Chmod(documents[0], 0o644))
	must(t, os.WriteFile(documents[0], []byte("{}"), 0o644))
	if got := pager(mux, fixture(t, "pagerduty_incident_triggered.json")); got != http.StatusNoContent {
		t.Fatalf("it answers %d", got)
	}
	if len(d.comments) != 1 || !strings.Contains(d.comments[0], "NOT PROVEN") {
		t.Errorf("comments: %q", d.comments)
	}
}

// An incident that leads nowhere is for a person, and is not sent again for ever.
func TestNobodyKnowsTheDeploy(t *testing.T) {
	a, _ := exported(t)
	d := newDesk(t)
	mux := serve(t, a, d)
	for _, key := range []string{"dep-9999", ""} {
		d.comments = nil
		body := bytes.Replace(fixture(t, "pagerduty_incident_triggered.json"), []byte("dep-7501-27"), []byte(key), 1)
		body = bytes.ReplaceAll(body, []byte("PGR0VU2"), []byte("P"+key))
		if got := pager(mux, body); got != http.StatusNoContent {
			t.Fatalf("it answers %d", got)
		}
		if len(d.comments) != 1 || !strings.Contains(d.comments[0], "bound to no export yet") {
			t.Errorf("comments: %q", d.comments)
		}
	}
}

func TestRefused(t *testing.T) {
	a, _ := exported(t)
	d := newDesk(t)
	mux := serve(t, a, d)
	body := fixture(t, "pagerduty_incident_triggered.json")
	sent := func(secret string, body []byte) int {
		return deliver(mux, "/pagerduty", "X-PagerDuty-Signature", "v1=", secret, body)
	}
	for what, got := range map[string]struct{ got, want int }{
		"another secret":       {sent("guessed", body), http.StatusUnauthorized},
		"no signature":         {deliver(mux, "/pagerduty", "X-Other", "v1=", "pd secret", body), http.StatusUnauthorized},
		"a body without end":   {sent("pd secret", bytes.Repeat([]byte{' '}, maxBody+1)), http.StatusRequestEntityTooLarge},
		"no JSON":              {sent("pd secret", []byte("{")), http.StatusBadRequest},
		"an incident resolved": {sent("pd secret", bytes.Replace(body, []byte("incident.triggered"), []byte("incident.resolved"), 1)), http.StatusNoContent},
		"a ping":               {sent("pd secret", []byte(`{"event": {"event_type": "pagey.ping"}}`)), http.StatusNoContent},
	} {
		if got.got != got.want {
			t.Errorf("%s: answered with %d, want %d", what, got.got, got.want)
		}
	}
	if head, err := a.Log().Find(t.Context(), exportlog.Query{IncidentTicketID: "PGR0VU2"}); err != nil || len(head) != 0 || len(d.comments) != 0 {
		t.Errorf("%d rows and %d comments, %v", len(head), len(d.comments), err)
	}
}

// One that was resent by several machines at once is bound once, and commented on once.
func TestAtOnce(t *testing.T) {
	a, _ := exported(t)
	d := newDesk(t)
	mux := serve(t, a, d)
	body := fixture(t, "pagerduty_incident_triggered.json")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { pager(mux, body) })
	}
	all.Wait()
	rows, err := a.Log().Find(t.Context(), exportlog.Query{IncidentTicketID: "PGR0VU2"})
	if err != nil || len(rows) != 1 || len(d.comments) != 1 {
		t.Errorf("%d rows, %d comments, %v", len(rows), len(d.comments), err)
	}
}

func fixture(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	must(t, err)
	return b
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
