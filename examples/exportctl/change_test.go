package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

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
