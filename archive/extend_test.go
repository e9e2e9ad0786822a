package archive_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/policy"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// changed is the policy of everything with a change.
func changed(t testing.TB, change func(*policy.File)) *policy.Policy {
	t.Helper()
	f := everything().File()
	change(&f)
	p, err := policy.New(f)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func period(f *policy.File, c retention.Class, years int, mode retention.Mode) {
	terms := f.Classes[c]
	terms.Period, terms.Mode = retention.Years(years), mode
	f.Classes[c] = terms
}

// locks returns the lock of each object that is evidence, and the weakest of the log's.
func locks(t testing.TB, b *memworm.Bucket) (map[string]retention.Lock, retention.Lock) {
	t.Helper()
	all := map[string]retention.Lock{}
	var log retention.Lock
	for e, err := range b.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		o, err := b.State(t.Context(), e.Ref)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case strings.HasPrefix(e.Ref.Key, "packets/"), strings.HasPrefix(e.Ref.Key, "manifests/"):
			all[e.Ref.Key] = o.Lock
		case strings.HasPrefix(e.Ref.Key, "log/commits/") && (log.Until.IsZero() || o.Lock.Until.Before(log.Until)):
			log = o.Lock
		}
	}
	return all, log
}

// A policy that became longer is applied to what is stored; one that became shorter is
// not.
func TestExtend(t *testing.T) {
	b, cfg := memworm.New(), config(t)
	a := over(t, b, cfg)
	if _, err := a.ExportBatch(t.Context(), []archive.Packet{
		packet(t, "pp-1"),
		parse(t, `{"promotion_packet_id": "pp-2", "lane": "payments", "promotion_decision": "promote", "promotion_decision_at_utc": "2026-08-04T10:22:00Z", "executive_exception_id": "ex-1"}`),
	}); err != nil {
		t.Fatal(err)
	}
	longer := changed(t, func(f *policy.File) {
		period(f, retention.Standard, 1, retention.Governance) // shorter
		period(f, retention.Extended, 10, retention.Compliance)
		period(f, retention.Regulated, 12, retention.Compliance)
		f.Rules = append(f.Rules, policy.Rule{Name: "money", When: `has(packet.lane) && packet.lane == "payments"`, Class: retention.Regulated, Because: "money is regulated"})
	})
	all := archive.Selection{Everything: true}
	var said []string
	for r, err := range a.Reclassify(t.Context(), all, longer) {
		if err != nil {
			t.Fatal(err)
		}
		said = append(said, fmt.Sprintf("%s %s→%s longer=%t shorter=%t", r.PromotionPacketID, r.RetentionClass, r.Explanation.RetentionClass, r.Longer, r.Shorter))
	}
	if got := strings.Join(said, "; "); got != "pp-1 standard→standard longer=false shorter=true; pp-2 extended→regulated longer=true shorter=false" {
		t.Errorf("reclassified: %s", got)
	}

	before, _ := locks(t, b)
	cfg.Policy = longer
	under := over(t, b, cfg)
	report, err := under.Extend(t.Context(), all, archive.Extension{Reason: "policy of September"})
	if err != nil || fmt.Sprint(report.Changed, report.Already) != "[2] [1]" || report.Commits == 0 {
		t.Fatalf("extend: %+v, %v", report, err)
	}
	want := retention.Lock{Mode: retention.Compliance, Until: retention.Years(12).From(noon)}
	after, log := locks(t, b)
	for key, lock := range after {
		if strings.Contains(key, "pp-1") && lock != before[key] {
			t.Errorf("%s: %s became %s", key, before[key], lock)
		}
		if !strings.Contains(key, "pp-1") && lock != want {
			t.Errorf("%s: %s, want %s", key, lock, want)
		}
	}
	if !log.Covers(want) {
		t.Errorf("a commit is locked only %s", log)
	}
	c, err := under.Log().CurrentOf(t.Context(), 2)
	if err != nil || c.RetentionClass != retention.Regulated || !c.RetainUntilUTC.Equal(want.Until) || c.RetentionMode != want.Mode || c.Exported.RetentionClass != retention.Extended {
		t.Errorf("the log says %+v, %v", c.Row, err)
	}
	if again, err := under.Extend(t.Context(), all, archive.Extension{Reason: "policy of September"}); err != nil || len(again.Changed) != 0 {
		t.Errorf("again: %+v, %v", again, err)
	}
	if one, err := under.Extend(t.Context(), archive.Selection{PromotionPacketID: "pp-1"}, archive.Extension{RetentionClass: retention.Extended, Reason: "audit"}); err != nil || len(one.Changed) != 1 {
		t.Errorf("to a class: %+v, %v", one, err)
	}
	if _, err := under.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	for name, x := range map[string]archive.Extension{
		"no reason": {}, "not entitled": {Reason: "x", By: "checkout-team/one"}, "an unknown class": {Reason: "x", RetentionClass: "forever"},
	} {
		if _, err := under.Extend(t.Context(), all, x); err == nil {
			t.Errorf("%s: extended", name)
		}
	}
}

// A packet that was put together after the fact says so wherever it is seen, and is
// kept for its whole period from then on.
func TestReconstructed(t *testing.T) {
	cfg := config(t)
	cfg.Clock = func() time.Time { return noon.AddDate(2, 0, 0) }
	a := over(t, memworm.New(), cfg)
	p := packet(t, "pp-1")
	receipt, err := a.Export(t.Context(), p.Reconstructed("release-ops/one", "deploy log of August"))
	if err != nil {
		t.Fatal(err)
	}
	if receipt.ReconstructedBy != "release-ops/one" || receipt.ReconstructedFrom != "deploy log of August" || !receipt.RetainUntilUTC.Equal(retention.Years(2).From(cfg.Clock())) {
		t.Errorf("the row says %+v", receipt.Row)
	}
	confirmed, err := a.Confirm(t.Context(), receipt.Row)
	if r := confirmed.Evidence.Packet.Reconstructed; err != nil || r == nil || r.By != "release-ops/one" {
		t.Errorf("the manifest says %+v, %v", r, err)
	}
	if again, err := a.Export(t.Context(), p); err != nil || !again.AlreadyExported || again.ReconstructedBy == "" {
		t.Errorf("as if in time: %+v, %v", again, err)
	}
	forged := receipt.Row
	forged.ReconstructedBy = ""
	if _, err := a.Confirm(t.Context(), forged); !errors.Is(err, archive.ErrNotConfirmed) {
		t.Errorf("without its mark: %v", err)
	}
	for _, bad := range [][2]string{{"", "x"}, {"x", ""}, {"x\n", "x"}, {strings.Repeat("x", 1001), "x"}} {
		if _, err := a.Export(t.Context(), packet(t, "pp-2").Reconstructed(bad[0], bad[1])); err == nil {
			t.Errorf("%.20q from %.20q was exported", bad[0], bad[1])
		}
	}
	var row exportlog.Row
	for r, err := range a.Log().Rows(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		row = r
	}
	if row.ExportRowID != 1 {
		t.Errorf("%d rows", row.ExportRowID)
	}
}
