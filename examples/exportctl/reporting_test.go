package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const samplePackets = "../../archive/testdata/packets/"

// session runs command lines over one furnished bucket.
type session struct {
	t   *testing.T
	dir string
}

func newSession(t *testing.T) session {
	t.Helper()
	s := session{t, t.TempDir()}
	if err := furnish(s.dir, t.Setenv); err != nil {
		t.Fatal(err)
	}
	return s
}

// run returns what a command wrote; it must end with the status given.
func (s session) run(status int, args ...string) (out, errs string) {
	s.t.Helper()
	return s.runIn(s.t.Context(), status, args...)
}

func (s session) runIn(ctx context.Context, status int, args ...string) (out, errs string) {
	s.t.Helper()
	var o, e bytes.Buffer
	if got := run(ctx, args, strings.NewReader(""), &o, &e); got != status {
		s.t.Fatalf("%q: status %d, want %d\n%s%s", args, got, status, &o, &e)
	}
	return o.String(), e.String()
}

// exported is a bucket with two samples, and an incident that is bound to the second.
func (s session) exported() {
	s.t.Helper()
	s.run(exitDone, "export", samplePackets+"packet-00", samplePackets+"packet-03")
	s.run(exitDone, "link", "--row", "2", "--incident", "INC-1", "--delta", "errors=0..9", "--ack", "release-ops: me")
}

// With --json a command writes one JSON document, and nothing else.
func TestJSONIsOneDocument(t *testing.T) {
	s := newSession(t)
	s.exported()
	in := func(name string) string { return filepath.Join(s.dir, name) }
	for _, c := range []struct {
		status int
		args   string
		wants  string // a field of the document
	}{
		{exitDone, "link --row 2 --incident INC-1 --summary again --ack release-ops:me", "already_bound"},
		{exitDone, "prove INC-1", "proofs"},
		{exitDone, "lineage INC-1", "moments"},
		{exitDone, "lineage --row 1 --output " + in("page.html"), "output"},
		{exitDone, "rehearse --row 1", "total_ms"},
		{exitLate, "rehearse --row 1 --sla 1ns", "verdict"},
		{exitFindings, "reconcile --events " + samplePackets + "execution_events.jsonl", "unlinked"},
		{exitDone, "pack INC-1 --reveal-peers --output " + in("pack"), "output"},
		{exitDone, "lineage INC-1 --figures", "figures"},
		{exitDone, "figures", "groups"},
		{exitDone, "radar --bundles", "lapses"},
		{exitDone, "man " + in("pages"), "pages"},
		{exitDone, "csv --output " + in("all.csv"), "bytes"},
		{exitDone, "correct 3 --set incident_ticket_id=INC-2 --reason mistyped --dry-run", "changes"},
		{exitFindings, "template " + samplePackets + "packet-03/packet.json", "templates"},
	} {
		out, _ := s.run(c.status, append(strings.Fields(c.args), "--json")...)
		d := json.NewDecoder(strings.NewReader(out))
		var document map[string]json.RawMessage
		if err := d.Decode(&document); err != nil || document[c.wants] == nil {
			t.Errorf("%s: %v, without %s: %.300s", c.args, err, c.wants, out)
		}
		if _, err := d.Token(); err != io.EOF {
			t.Errorf("%s: there is more behind the document", c.args)
		}
	}
	s.run(exitWrongUse, "csv", "--json")
}

// An error as JSON carries the candidates.
func TestCandidatesAsJSON(t *testing.T) {
	s := newSession(t)
	s.exported()
	other := filepath.Join(s.dir, "packet.json")
	document, err := os.ReadFile(samplePackets + "packet-00/packet.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(other, append(document, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
	s.run(exitDone, "export", other)
	_, errs := s.run(exitNotFound, "rehearse", "--packet", "pp-20260804-ECONOMY-0001", "--json")
	var c complaint
	if err := json.Unmarshal([]byte(errs), &c); err != nil || len(c.Candidates) != 2 || c.Status != exitNotFound {
		t.Errorf("%v: %+v", err, c)
	}
}

// What is interrupted says so, and has written nothing.
func TestInterrupted(t *testing.T) {
	s := newSession(t)
	s.exported()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, args := range []string{
		"link --row 1 --incident INC-9 --summary x --ack release-ops:me", "prove INC-1", "rehearse", "lineage INC-1", "figures",
		"csv --output " + filepath.Join(s.dir, "never.csv"), "pack 2 --reveal-peers --output " + filepath.Join(s.dir, "never"),
		"correct 3 --set incident_ticket_id=INC-2 --reason mistyped",
	} {
		_, errs := s.runIn(ctx, exitInterrupted, strings.Fields(args)...)
		if !strings.Contains(errs, "Interrupted") {
			t.Errorf("%s: %s", args, errs)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(s.dir, "*never*")); len(left) > 0 {
		t.Errorf("it left %v", left)
	}
	s.run(exitNotFound, "find", "INC-9")
}

// Command lines that cannot be meant are refused with what to do.
func TestWrongUseOfReporting(t *testing.T) {
	s := newSession(t)
	for args, says := range map[string]string{
		"link --row 1 --incident INC-1 --summary x":                            "--ack",
		"link --row 1 --summary x --ack release-ops:me":                        "--incident",
		"link --incident INC-1 --summary x --ack release-ops:me":               "--row",
		"link --deploy-id d --incident INC-1 --summary x --ack release-ops:me": "--events",
		"link --row 1 --incident INC-1 --summary x --ack me":                   "incident-commander: name",
		"link --events nowhere.jsonl --incident INC-1 --ack release-ops:me":    "nowhere.jsonl",
		"link --row 1 --incident INC-1 --ack release-ops:me --cdevents":        "--events",
		"lineage":                                                  "the story of what",
		"lineage INC-1 --row 2":                                    "the story of what",
		"lineage INC-1 --format pdf":                               "html",
		"lineage INC-1 --output x --format text":                   "terminal",
		"pack 1":                                                   "--output",
		"rehearse --choose best":                                   "oldest-regulated",
		"rehearse --sla 0s":                                        "--sla",
		"rehearse --record":                                        "--ack",
		"reconcile":                                                "--events",
		"csv --from-row 2":                                         "--jsonl",
		"csv --jsonl --from-row 0":                                 "numbered from 1",
		"correct 1 --set promotion_decision=no":                    "--reason",
		"correct one --set a=b --reason x":                         "no row's number",
		"correct 1 --reason x":                                     "promotion_decision_at_utc",
		"correct 1 --set nonce=1 --reason x":                       "cannot be corrected",
		"correct 1 --set promotion_decision= --reason x":           "--clear promotion_decision",
		"correct 1 --set retention_class=forever --reason x":       "regulated",
		"correct 1 --set exported_at_utc=yesterday --reason x":     "is no time",
		"deliver --to http://127.0.0.1:1 --source https://a.test/": "--cursor",
		"template":         "a runbook",
		"template no.such": "no.such",
	} {
		out, errs := s.run(exitWrongUse, strings.Fields(args)...)
		if out != "" || !strings.Contains(errs, says) {
			t.Errorf("%s: %q, %q; want %q", args, out, errs, says)
		}
	}
}

// Rows are delivered once, in order, with what the headers say.
func TestDeliver(t *testing.T) {
	s := newSession(t)
	s.exported()
	var got []string
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var event struct{ ID string }
		if err := json.NewDecoder(r.Body).Decode(&event); err != nil || r.Header.Get("Authorization") != "Bearer s3cret" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		got = append(got, event.ID)
	}))
	defer receiver.Close()
	t.Setenv("EVENTS_TOKEN", "s3cret")
	deliver := []string{"deliver", "--to", receiver.URL, "--source", "https://evidence.example.com/release", "--cursor", filepath.Join(s.dir, "cursor"), "--header", "Authorization: Bearer $EVENTS_TOKEN"}
	s.run(exitDone, deliver...)
	if want := "https://evidence.example.com/release/1 https://evidence.example.com/release/2 https://evidence.example.com/release/3"; strings.Join(got, " ") != want {
		t.Errorf("delivered %q, want %q", got, want)
	}
	if out, _ := s.run(exitDone, deliver...); !strings.Contains(out, "0 rows") || len(got) != 3 {
		t.Errorf("again: %s, %d events", out, len(got))
	}
}
