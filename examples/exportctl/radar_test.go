package main

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
)

// radar returns what the radar says, as text and as JSON; both must end with a status.
func (s session) radar(status int, args ...string) (text string, r archive.RadarReport) {
	s.t.Helper()
	text, _ = s.run(status, append([]string{"radar"}, args...)...)
	out, _ := s.run(status, append([]string{"radar", "--json"}, args...)...)
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		s.t.Fatalf("%v: %s", err, out)
	}
	return text, r
}

func TestRadarExitStatuses(t *testing.T) {
	s := newSession(t)
	s.run(exitDone, "export", samplePackets+"packet-00", samplePackets+"packet-03")
	text, r := s.radar(exitDone)
	s.says(text, "nothing lapses", "2 exports looked at")
	if r.Exports != 2 || len(r.Lapses) != 0 {
		t.Errorf("%+v", r)
	}

	// A key that ends in ten days is soon, and is not within a horizon of five.
	ends := time.Now().UTC().AddDate(0, 0, 10).Truncate(time.Second)
	trust := s.write("trust.yaml", "keys:\n  - {file: holdfast.key.pub, owner: release-ops, until: "+ends.Format(time.RFC3339)+"}\n")
	text, r = s.radar(exitLate, "--trust", trust)
	s.says(text, day(ends), "key ends", "exportctl keys create", "from: "+ends.Format(time.RFC3339))
	if r.Soon != 1 || len(r.Lapses) != 1 || !r.Lapses[0].ByUTC.Equal(ends) {
		t.Errorf("%+v", r)
	}
	_, r = s.radar(exitDone, "--trust", trust, "--horizon", "5d")
	if r.Later != 1 {
		t.Errorf("%+v", r)
	}
	_, errs := s.run(exitWrongUse, "radar", "--horizon", "soon")
	s.says(errs, "write 90d, or 12h")

	// A policy that became longer makes the promise too short, though there is time.
	text, r = s.radar(exitDone, "--policy", s.policyWith("longer.yaml", 4))
	s.says(text, "promise short", "exportctl extend --packet pp-20260804-ECONOMY-0001 --to-class standard --reason TEXT")
	if r.Later != 2 {
		t.Errorf("%+v", r)
	}

	// A hold at which nobody has looked has lapsed, until somebody does.
	s.run(exitDone, "hold", "--packet", "pp-20260804-ECONOMY-0001", "--matter", "CASE 7", "--reason", "claim", "--by", "legal/counsel")
	text, r = s.radar(exitFindings, "--review-every", "1ns")
	s.says(text, "hold not reviewed", "exportctl review-holds --all --matter 'CASE 7' --reason TEXT")
	if r.Lapsed != 1 {
		t.Errorf("%+v", r)
	}
	out, _ := s.run(exitFindings, "radar", "--review-every", "1ns", "--markdown")
	s.says(out, "| by | what | where | why | mend |", "| hold not reviewed | ")
}

// A lock that the bucket has lost is seen by who looks at objects, and the command that the
// radar names mends it.
func TestRadarNamesWhatMends(t *testing.T) {
	s := newSession(t)
	s.run(exitDone, "export", samplePackets+"packet-00", samplePackets+"packet-03")
	soon := time.Now().UTC().AddDate(0, 1, 0).Truncate(time.Second)
	for _, pattern := range []string{"bucket/packets/pp-20260804-ECONOMY-0001/*/exhibits/.scorecard.pdf.lock", "bucket/log/commits/000/000/000/.001.jsonl.lock"} {
		s.rewrite(pattern, func(record string) string {
			return regexp.MustCompile(`"until":"[^"]+"`).ReplaceAllString(record, `"until":"`+soon.Format(time.RFC3339)+`"`)
		})
	}
	s.radar(exitDone)
	_, r := s.radar(exitLate, "--objects")
	if r.Soon != 2 || len(r.Lapses) != 2 {
		t.Fatalf("%+v", r)
	}
	for _, l := range r.Lapses {
		mend := strings.Fields(strings.TrimSuffix(l.Mend, " TEXT"))
		if mend[0] != "exportctl" {
			t.Fatalf("%q is no command", l.Mend)
		}
		out, _ := s.run(exitDone, append(mend[1:], "radar found it")...)
		t.Logf("%s\n%s", l.Mend, out)
	}
	if text, r := s.radar(exitDone, "--objects"); len(r.Lapses) != 0 {
		t.Errorf("after what it said was done:\n%s", text)
	}
	s.run(exitDone, "verify")
}

// Manifests are looked into if that is asked for.
func TestRadarLooksIntoBundles(t *testing.T) {
	s := newSession(t)
	s.run(exitDone, "export", samplePackets+"packet-00")
	s.radar(exitDone, "--bundles")
	s.rewrite("bucket/manifests/*/[0-9a-f]*.json", func(bundle string) string { return bundle + " " })
	s.run(exitDone, "radar")
	_, errs := s.run(exitFindings, "radar", "--bundles")
	s.says(errs, "row 1", "It is not what was stored")
}
