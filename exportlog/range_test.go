package exportlog_test

import (
	"errors"
	"testing"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// A part of a log is verified from the tree before it, without the rest.
func TestVerifyRange(t *testing.T) {
	b := grown(t)
	for _, scope := range []exportlog.Scope{{From: 1, To: 10}, {From: 300, To: 900}, {From: 1281}, {From: 1300, To: 1300}, {To: 256}} {
		report, err := open(t, b).Verify(t.Context(), scope)
		if err != nil || report.Rows == 0 || report.Head.Root.IsZero() {
			t.Errorf("%+v: %+v, %v", scope, report, err)
		}
	}
	if _, err := open(t, b).Verify(t.Context(), exportlog.Scope{From: 2000}); err == nil || errors.Is(err, exportlog.ErrDamaged) {
		t.Errorf("rows that are not there: %v", err)
	}
	replaced(t, b, commit(1), `"pp-17"`, `"pp-71"`)
	if report, err := open(t, b).Verify(t.Context(), exportlog.Scope{From: 10, To: 20}); !errors.Is(err, exportlog.ErrDamaged) || !named(report, exportlog.Edited, commit(1), 17) {
		t.Errorf("an edited row in it: %v", report.Findings)
	}
	if _, err := open(t, b).Verify(t.Context(), exportlog.Scope{From: 1290}); err != nil {
		t.Errorf("an edited row elsewhere: %v", err)
	}
}

func TestVerifyTellsHowFarItIs(t *testing.T) {
	b := memworm.New()
	fill(t, open(t, b), 40)
	var calls, last int64
	_, err := open(t, b).Verify(t.Context(), exportlog.Scope{Progress: func(commits, of int64) {
		if calls++; commits != calls || of != 40 {
			t.Errorf("call %d: %d of %d", calls, commits, of)
		}
		last = commits
	}})
	if err != nil || last != 40 {
		t.Errorf("it got to %d: %v", last, err)
	}
}
