package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
)

const payments, economy = "pp-20260805-ギルド-0006", "pp-20260804-ECONOMY-0001"

// Where an object of an export cannot be held, the others are, and it says which are not
// and how to go on. That is so.
func TestPartialChange(t *testing.T) {
	s := newSession(t)
	s.run(exitDone, "export", samplePackets+"packet-00", samplePackets+"packet-03")
	found, err := filepath.Glob(filepath.Join(s.dir, "bucket/packets", economy, "*/exhibits/scorecard.pdf"))
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	away := filepath.Join(s.dir, "away")
	if err := os.Rename(found[0], away); err != nil {
		t.Fatal(err)
	}
	hold := []string{"hold", "--all", "--matter", "CASE-7", "--reason", "claim", "--by", "legal/counsel"}
	out, errs := s.run(exitUnfinished, hold...)
	s.says(out, "row 1", "NOT done  packets/"+economy, "exhibits/scorecard.pdf", "done  ", "1 export")
	s.says(errs, "1 of 2 exports are NOT held, or not wholly", "Run the same command again: what is done is skipped")
	if lines := strings.Count(errs, "\n"); lines != 2 {
		t.Errorf("what is on the page is said again:\n%s", errs)
	}
	out, errs = s.run(exitUnfinished, append(hold, "--json")...)
	var x changed
	if err := json.Unmarshal([]byte(out), &x); err != nil || len(x.Already) != 1 || len(x.Failed) != 1 || len(x.Failed[0].Done) != 2 || len(x.Failed[0].NotDone) != 1 || x.Failed[0].ExportRowID != 1 {
		t.Errorf("%v: %s", err, out)
	}
	var c complaint
	if err := json.Unmarshal([]byte(errs), &c); err != nil || c.Status != exitUnfinished || !strings.Contains(c.Error, "1 of 2") {
		t.Errorf("%v: %s", err, errs)
	}
	if err := os.Rename(away, found[0]); err != nil {
		t.Fatal(err)
	}
	out, _ = s.run(exitDone, hold...)
	s.says(out, "held, with a row for each", "needed nothing")
	s.run(exitDone, "verify")
}

// A link row that says of an export what its row does not say is no proof of it, whichever
// way it is come by.
func TestLinkThatDoesNotAgree(t *testing.T) {
	s := newSession(t)
	s.run(exitDone, "export", samplePackets+"packet-00", samplePackets+"packet-03")
	a, err := archive.Open(t.Context(), os.Getenv("HOLDFAST_BUCKET"), archive.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	rows, err := a.Log().Find(t.Context(), exportlog.Query{ExportRowID: 1})
	if err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	forged := exportlog.Row{
		Kind: exportlog.KindLink, SubjectExportRowID: 2, IncidentTicketID: "INC-9", IdempotencyKey: "forged", LinkOwnerAck: "release-ops: nobody",
		PromotionPacketID: economy, ExportBatchID: rows[0].ExportBatchID, ArchiveURI: rows[0].ArchiveURI, ContentIntegrityReference: rows[0].ContentIntegrityReference,
	}
	if _, err := a.Log().Append(t.Context(), forged); err != nil {
		t.Fatal(err)
	}
	const says = "the link of row 3 does not say of row 2 what that row says"
	out, _ := s.run(exitFindings, "prove", "INC-9")
	s.says(out, says, "✗")
	out, _ = s.run(exitFindings, "confirm", "3")
	s.says(out, says, "NOT confirmed")
	out, _ = s.run(exitFindings, "confirm", "INC-9")
	s.says(out, says, "NOT confirmed")
	out, _ = s.run(exitFindings, "confirm", "3", "--json")
	s.says(out, `"confirmed": false`, says)
	s.run(exitDone, "confirm", "2")
}

// While the bucket is away packets wait; when it is back they are exported, each once.
func TestSpoolIsFlushed(t *testing.T) {
	s := newSession(t)
	spool := filepath.Join(s.dir, "spool")
	t.Setenv("HOLDFAST_SPOOL", spool)
	bucket, away := filepath.Join(s.dir, "bucket"), filepath.Join(s.dir, "away")
	if err := os.Rename(bucket, away); err != nil {
		t.Fatal(err)
	}
	out, errs := s.run(exitPending, "export", samplePackets+"packet-00", samplePackets+"packet-03")
	s.says(out, "NOT exported, waits in the spool  "+economy, payments)
	s.says(errs, "exportctl flush", "Let the release go on")
	out, _ = s.run(exitPending, "pending")
	s.says(out, economy, payments, "wait", "NOT exported", "`exportctl flush`")
	out, _ = s.run(exitPending, "pending", "--json")
	var p pendingPackets
	if err := json.Unmarshal([]byte(out), &p); err != nil || len(p.Pending) != 2 || p.Pending[0].PromotionPacketID != economy {
		t.Errorf("%v: %s", err, out)
	}
	_, errs = s.run(exitWrongUse, "flush") // a directory that is not there is a mistake, not an outage
	s.says(errs, "→")
	if err := os.Rename(away, bucket); err != nil {
		t.Fatal(err)
	}
	out, _ = s.run(exitDone, "flush")
	s.says(out, "row 1  "+economy, "row 2  "+payments)
	out, _ = s.run(exitDone, "pending")
	s.says(out, "nothing waits")
	out, _ = s.run(exitDone, "flush")
	s.says(out, "nothing waits")
	out, _ = s.run(exitDone, "export", samplePackets+"packet-03")
	s.says(out, "row 2", "exported before")
}

// A check of rows that ended early says where it goes on.
func TestVerifyOfRows(t *testing.T) {
	s := newSession(t)
	s.run(exitDone, "export", samplePackets+"packet-00", samplePackets+"packet-03", samplePackets+"packet-04")
	for rows, exports := range map[string]int{"1": 1, "1-2": 2, "2-": 2, "4-": 0} {
		out, _ := s.run(exitDone, "verify", "--rows", rows, "--json")
		var v verified
		if err := json.Unmarshal([]byte(out), &v); err != nil || !v.Confirmed || v.Exports != exports {
			t.Errorf("rows %s: %v: %s", rows, err, out)
		}
	}
	out, _ := s.run(exitDone, "verify", "--rows", "2-3")
	s.says(out, "2 ", "looked at", "all is as it was written")
	for _, bad := range []string{"0", "3-2", "a-b", "1-0", "-3"} {
		_, errs := s.run(exitWrongUse, "verify", "--rows="+bad)
		s.says(errs, "write 1-5000, 5001- for all from there on, or 42")
	}
	s.rewrite("bucket/packets/"+payments+"/*/packet.json", func(string) string { return "{}" })
	out, _ = s.run(exitFindings, "verify", "--rows", "2-3")
	s.says(out, payments)
	s.run(exitDone, "verify", "--rows", "3-")

	for _, c := range []struct {
		flags verifyFlags
		todo  string
	}{
		{verifyFlags{}, "those before row 5001 were looked at; `exportctl verify --rows 5001-` goes on"},
		{verifyFlags{rows: rowsFlag{1, 9000}}, "`exportctl verify --rows 5001-9000` goes on"},
	} {
		var stop stoppedError
		if err := goOn(context.Canceled, archive.Report{Next: 5001}, c.flags); !errors.As(err, &stop) || !strings.Contains(stop.todo, c.todo) {
			t.Errorf("%v: %q", err, stop.todo)
		}
	}
}

// The table is as the log stood at a row or a time, and so is an export.
func TestAsOf(t *testing.T) {
	s := newSession(t)
	before := time.Now().UTC().Add(-time.Hour).Format(time.RFC3339)
	s.exported() // rows 1 and 2, and the link of INC-1
	s.run(exitDone, "correct", "3", "--set", "incident_ticket_id=INC-2", "--reason", "mistyped")
	for _, c := range []struct {
		asOf            string
		lines           int
		contains, lacks string
	}{
		{before, 1, "export_row_id,", economy},
		{"1", 2, economy, payments},
		{"2", 3, payments, "INC-"},
		{"3", 3, ",INC-1,", ",INC-2,"},
		{"4", 3, ",INC-2,", ",INC-1,"},
		{time.Now().UTC().Add(time.Hour).Format(time.RFC3339), 3, ",INC-2,", ",INC-1,"},
	} {
		out, _ := s.run(exitDone, "csv", "--as-of", c.asOf)
		if n := strings.Count(out, "\n"); n != c.lines || !strings.Contains(out, c.contains) || strings.Contains(out, c.lacks) {
			t.Errorf("as of %s: %d lines:\n%s", c.asOf, n, out)
		}
	}
	out, _ := s.run(exitDone, "csv")
	if last, _ := s.run(exitDone, "csv", "--as-of", "4"); out != last {
		t.Errorf("today is\n%s, and as of the last row\n%s", out, last)
	}
	out, _ = s.run(exitDone, "show", "2", "--as-of", "3")
	s.says(out, "INC-1")
	_, errs := s.run(exitWrongUse, "csv", "--as-of", "tomorrow")
	s.says(errs, "is no time: write 2026-08-01")
	_, errs = s.run(exitWrongUse, "csv", "--as-of", "3", "--jsonl")
	s.says(errs, "give only one of --as-of and --jsonl")
	_, errs = s.run(exitWrongUse, "export", samplePackets+"packet-00", "--reconstructed-by", "release-ops/me")
	s.says(errs, "--reconstructed-by and --reconstructed-from go together")
	out, _ = s.run(exitDone, "csv", "--jsonl", "--from-row", "3")
	if strings.Count(out, "\n") != 2 || !strings.Contains(out, `"kind":"correction"`) {
		t.Errorf("the log's lines from row 3 on:\n%s", out)
	}
}

// The story has the figures of its lane and release cycle, if that is asked for, on the page
// as on the terminal.
func TestLineageWithFigures(t *testing.T) {
	s := newSession(t)
	s.exported()
	page := filepath.Join(s.dir, "page.html")
	s.run(exitDone, "lineage", "INC-1", "--figures", "--output", page)
	html, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	s.says(string(html), "Change failure rate", "100.0%, 1 of 1")
	out, _ := s.run(exitDone, "lineage", "--packet", payments, "--figures")
	s.says(out, "failure rate", "100.0%", "50.0%")
	out, _ = s.run(exitDone, "lineage", "INC-1")
	if strings.Contains(out, "failure rate") {
		t.Errorf("nobody asked for figures:\n%s", out)
	}
	// Bounded to before any decision, they are of nothing.
	out, _ = s.run(exitDone, "lineage", "INC-1", "--figures", "--until", "2026-01-01")
	s.says(out, "failure rate", "not known")
}
