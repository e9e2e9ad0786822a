package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

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
