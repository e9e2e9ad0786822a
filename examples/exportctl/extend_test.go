package main

import (
	"encoding/json"
	"testing"
	"time"
)

// What became longer is named, and then lengthened, once; what became shorter is named and
// left as it is.
func TestReclassifyAndExtend(t *testing.T) {
	s := newSession(t)
	s.run(exitDone, "export", samplePackets+"packet-00", samplePackets+"packet-03")
	longer, shorter := s.policyWith("longer.yaml", 4), s.policyWith("shorter.yaml", 1)
	until := day(time.Now().UTC().AddDate(4, 0, 1))

	_, errs := s.run(exitWrongUse, "reclassify", "--all")
	s.says(errs, "under which policy? Give --with FILE")
	out, _ := s.run(exitDone, "reclassify", "--all", "--with", shorter)
	s.says(out, "0 longer, 2 shorter, 0 as they are")
	out, _ = s.run(exitDone, "reclassify", "--all", "--with", longer)
	s.says(out, "2 longer, 0 shorter, 0 as they are", until, "`exportctl extend --policy FILE`")
	out, _ = s.run(exitDone, "reclassify", "--packet", "pp-20260804-ECONOMY-0001", "--with", longer, "--json")
	var x reclassified
	if err := json.Unmarshal([]byte(out), &x); err != nil || len(x.Longer) != 1 || x.Longer[0].ExportRowID != 1 || x.Longer[0].NewUntilUTC.Sub(x.Longer[0].RetainUntilUTC) < 700*24*time.Hour {
		t.Errorf("%v: %s", err, out)
	}

	_, errs = s.run(exitWrongUse, "extend", "--all", "--policy", longer)
	s.says(errs, "why? Give --reason TEXT")
	_, errs = s.run(exitWrongUse, "extend", "--all", "--to-class", "eternal", "--reason", "x")
	s.says(errs, "eternal", "standard")
	extend := []string{"extend", "--all", "--policy", longer, "--reason", "policy of 2027"}
	out, errs = s.run(exitDone, append(extend, "--dry-run")...)
	s.says(errs, "nothing was changed")
	s.says(out, "pp-20260804-ECONOMY-0001")
	out, _ = s.run(exitDone, extend...)
	s.says(out, "2 exports extended, with a row for each", "of the log", "locked as long")
	out, _ = s.run(exitDone, append(extend, "--json")...)
	var again changed
	if err := json.Unmarshal([]byte(out), &again); err != nil || len(again.Already) != 2 || len(again.Changed)+len(again.Failed) != 0 {
		t.Errorf("%v: %s", err, out)
	}
	out, _ = s.run(exitDone, "find", "--all")
	s.says(out, until)
	out, _ = s.run(exitDone, "reclassify", "--all", "--with", longer)
	s.says(out, "0 longer, 0 shorter, 2 as they are")

	out, _ = s.run(exitDone, "extend", "--packet", "pp-20260804-ECONOMY-0001", "--to-class", "regulated", "--reason", "asked for by the regulator")
	s.says(out, "1 export")
	out, _ = s.run(exitDone, "find", "--class", "regulated", "--json")
	s.says(out, `"retention_class": "regulated"`, "pp-20260804-ECONOMY-0001")
	out, _ = s.run(exitDone, "verify")
	s.says(out, "all is as it was written")
}
