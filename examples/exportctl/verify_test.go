package main

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/holdfast-archive/holdfast/archive"
)

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
