package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A command line that cannot be meant is answered with what is near, what is missing, or
// how it is written; and nothing is written to the bucket.
func TestWrongUse(t *testing.T) {
	d := newDesk(t)
	d.write("bad.yaml", "version: 1\nclasses: [\n")
	for args, says := range map[string]string{
		"exprot packet.json":                     "Did you mean this?\n    export",
		"keys chek":                              `unknown command "chek": exportctl keys has create, show, check`,
		"find --bukcet x":                        "unknown flag: --bukcet; did you mean --bucket?",
		"find --xyzzy":                           "unknown flag: --xyzzy\n",
		"export":                                 "it needs a packet",
		"confirm":                                "it needs an export: a row's number, an archive_uri, or an id",
		"find one two":                           `it takes one id, and was given "two" as well`,
		"doctor now":                             `it takes no arguments, and was given "now"`,
		"hold --all":                             "Give --matter ID and --reason TEXT",
		"find --operator":                        "flag needs an argument: --operator",
		"export packet.json --key=":              "Give --key FILE, or set HOLDFAST_KEY",
		"find --from yesterday":                  `"yesterday" is no time: write 2026-08-01`,
		"csv --as-of -1":                         `"-1" is no time`,
		"verify --rows abc":                      `"abc" is no range of rows: write 1-5000`,
		"verify --timeout soon":                  "write 30s, 5m or 2h",
		"checkpoint --proof x":                   "write a whole number",
		"find --class forever":                   "use one of standard, extended, regulated",
		"find one --bucket /var/evidence":        "is no URL: write s3://NAME",
		"export nowhere.json":                    "nowhere.json: no such file",
		"export bad.yaml":                        "malformed",
		"find --all --policy bad.yaml":           "bad.yaml:2:10: not YAML",
		"export packet.json --policy nowhere.ya": "nowhere.ya: no such file",
	} {
		d.here(strings.Fields(args)...).says(exitWrongUse, says)
	}
	d.with("HOLDFAST_TIMEOUT=soon").here("find", "one").says(exitWrongUse, "HOLDFAST_TIMEOUT in the environment", "write 30s, 5m or 2h")
	d.with("HOLDFAST_TIMEOUT=").here("find", "one").says(exitNotFound, "no such export")
	if left, err := os.ReadDir(filepath.Join(d.dir, "bucket")); err != nil || len(left) > 0 {
		t.Errorf("%v were written: %v", left, err)
	}
}

// A row or an id that is not there is answered with what is.
func TestNearestIsNamed(t *testing.T) {
	d := newDesk(t)
	if a := d.here("export", "packet.json"); a.status != exitDone {
		t.Fatal(a.errs)
	}
	d.here("confirm", "99").says(exitNotFound, "no such export: export_row_id 99; nearest: row 1")
	d.here("show", "pp-2").says(exitNotFound, "nearest: ", "pp-1")
}
