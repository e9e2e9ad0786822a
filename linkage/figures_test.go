package linkage_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/linkage"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// season is a log with four promotions in one lane, three in another, one that was not
// promoted, and what became of them; its clock is the caller's.
func season(t *testing.T, now *time.Time) (*archive.Archive, *memworm.Bucket) {
	t.Helper()
	signer, err := manifest.CreateKey(t.TempDir() + "/key")
	if err != nil {
		t.Fatal(err)
	}
	b := memworm.New()
	a := over(t, b, archive.Config{Policy: everything(t), Signer: signer, Operator: "release-ops/test", Clock: func() time.Time { return *now }})
	export := func(id, lane, decision string) {
		p, err := archive.ParseJSON(fmt.Appendf(nil, `{"promotion_packet_id": %q, "lane": %q, "release_cycle_id": "rc-1", "promotion_decision": %q, "promotion_decision_at_utc": "2026-08-01T10:00:00Z"}`, id, lane, decision))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.Export(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []string{"e1", "e2", "e3", "e4"} {
		export(id, "economy", "promote")
	}
	for _, id := range []string{"g1", "g2", "g3"} {
		export(id, "=guild|1", "promote")
	}
	export("held", "economy", "hold")
	bind := func(minutes int, d linkage.Divergence) linkage.Link {
		*now = now.Add(time.Duration(minutes) * time.Minute)
		d.LinkOwnerAck = ack
		if d.DivergenceSummary == "" && d.Deltas == nil {
			d.DivergenceSummary = "it broke"
		}
		link, err := linkage.New(a).Bind(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		return link
	}
	seen := now.Add(5 * time.Minute)
	bind(10, linkage.Divergence{PromotionPacketID: "e1", IncidentTicketID: "INC-1", Deltas: []linkage.Delta{{Field: "f", Recorded: "1", Observed: "2", Source: "s", ObservedAtUTC: seen}}})
	bind(25, linkage.Divergence{PromotionPacketID: "e1", RollbackEventID: "rb-1"})                            // 30 minutes after it was seen
	bind(1, linkage.Divergence{PromotionPacketID: "e2", IncidentTicketID: "INC-2", RollbackEventID: "rb-2"})  // nobody knows how long
	bind(1, linkage.Divergence{PromotionPacketID: "g1", IncidentTicketID: "INC-3"})                           // was never rolled back
	bind(1, linkage.Divergence{PromotionPacketID: "g2", IncidentTicketID: "INC-4"})                           //
	bind(90, linkage.Divergence{PromotionPacketID: "g2", IncidentTicketID: "INC-4", RollbackEventID: "rb-4"}) // 90 minutes after it was bound
	wrong := bind(1, linkage.Divergence{PromotionPacketID: "g3", IncidentTicketID: "INC-5"})                  // and was corrected away
	if _, err := a.Log().Append(t.Context(), exportlog.Row{Kind: exportlog.KindCorrection, CorrectionOfExportRowID: wrong.ExportRowID, PromotionPacketID: "g3",
		ClearedFields: []string{"incident_ticket_id"}, Reason: "another lane's", IdempotencyKey: "c"}); err != nil {
		t.Fatal(err)
	}
	return a, b
}

func TestFigures(t *testing.T) {
	now := time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)
	a, _ := season(t, &now)
	f, err := linkage.New(a).Figures(t.Context(), linkage.Scope{})
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Groups) != 2 || f.Unverified != 0 || f.Damage != "" {
		t.Fatalf("%+v", f)
	}
	guild, economy := f.Groups[0], f.Groups[1]
	if rate, ok := economy.FailureRate(); economy.Lane != "economy" || economy.Promoted != 4 || economy.Failed != 2 || economy.RolledBack != 2 || rate != 0.5 || !ok ||
		economy.LinkRows != 3 || economy.ExportRows != 4 || !slices.Equal(economy.FailedRows, []int64{1, 2}) {
		t.Errorf("economy: %+v", economy)
	}
	if r := economy.Recover; r.Known != 1 || r.Observed != 1 || r.Median != 30*time.Minute || r.NoStart != 1 || r.NoRollback != 0 {
		t.Errorf("economy recovered in %+v", r)
	}
	if guild.Promoted != 3 || guild.Failed != 2 || guild.RolledBack != 1 || guild.LinkRows != 3 {
		t.Errorf("guild: %+v", guild)
	}
	if r := guild.Recover; r.Known != 1 || r.Observed != 0 || r.Longest != 90*time.Minute || r.NoRollback != 1 || r.NoStart != 0 {
		t.Errorf("guild recovered in %+v", r)
	}
	if f.All.Promoted != 7 || f.All.Failed != 4 || f.All.Recover.Median != 90*time.Minute {
		t.Errorf("all: %+v", f.All)
	}
	var out bytes.Buffer
	if err := f.WriteCSV(&out); err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(&out).ReadAll()
	if err != nil || len(records) != 3 || records[1][0] != "'=guild|1" || records[2][5] != "0.5000" || records[2][6] != "1800" {
		t.Errorf("CSV: %v, %v", records, err)
	}
	if md := f.Markdown(); !strings.Contains(md, `| =guild\|1 | rc-1 | 3 | 2 | 66.7% | 1 h 30 min (1 known); 1 without a rollback | 3 export rows, 3 link rows |`) {
		t.Error(md)
	}
}

// The same again asks the bucket for no packet.
func TestFiguresAreCached(t *testing.T) {
	now := time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)
	a, _ := season(t, &now)
	scope := linkage.Scope{Cache: linkage.NewLaneCache()}
	var requests [2]int
	var told [2]linkage.Figures
	for i := range requests {
		ctx, meter := worm.WithMeter(t.Context())
		var err error
		if told[i], err = linkage.New(a).Figures(ctx, scope); err != nil {
			t.Fatal(err)
		}
		requests[i] = meter.Usage().Requests
	}
	if requests[0]-requests[1] != 14 || told[0].Markdown() != told[1].Markdown() { // 7 manifests and 7 packets
		t.Errorf("%v requests", requests)
	}
}

func spoilPacket(t *testing.T, b *memworm.Bucket, id string) {
	t.Helper()
	for e, err := range b.List(t.Context(), "packets/"+id+"/") {
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Tamper(e.Ref.Key, []byte(`{"lane": "other"}`)); err != nil {
			t.Fatal(err)
		}
	}
}

// A packet that is not what it was is in no lane, and still counts.
func TestFiguresOfDamagedEvidence(t *testing.T) {
	now := time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)
	a, b := season(t, &now)
	spoilPacket(t, b, "e1")
	f, err := linkage.New(a).Figures(t.Context(), linkage.Scope{FromUTC: now.AddDate(0, -1, 0)})
	if err != nil || f.Unverified != 1 || f.All.Promoted != 7 || f.Groups[1].Promoted != 3 || !strings.Contains(f.Markdown(), "1 promotions are in no lane") {
		t.Errorf("%+v, %v", f, err)
	}
	if f, err := linkage.New(a).Figures(t.Context(), linkage.Scope{FromUTC: now}); err != nil || f.All.Promoted != 0 || len(f.Groups) != 0 {
		t.Errorf("nothing was decided since: %+v, %v", f, err)
	}
}

// What was bound and rolled back while somebody wrote it down is no time to recover: not by
// one row whose delta was observed as it was written, and not by two in a row.
func TestWritingRowsIsNoRecovery(t *testing.T) {
	now := time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)
	a, _ := season(t, &now)
	delta := []linkage.Delta{{Field: "f", Recorded: "1", Observed: "2", Source: "s", ObservedAtUTC: now}}
	for _, d := range []linkage.Divergence{
		{PromotionPacketID: "e3", IncidentTicketID: "INC-6", RollbackEventID: "rb-6", Deltas: delta},
		{PromotionPacketID: "e4", IncidentTicketID: "INC-7", DivergenceSummary: "it broke"},
		{PromotionPacketID: "e4", RollbackEventID: "rb-7", DivergenceSummary: "it was undone"},
	} {
		now = now.Add(3 * time.Second)
		d.LinkOwnerAck = ack
		if _, err := linkage.New(a).Bind(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	f, err := linkage.New(a).Figures(t.Context(), linkage.Scope{})
	if err != nil {
		t.Fatal(err)
	}
	if r := f.Groups[1].Recover; r.Known != 1 || r.NoStart != 3 || r.Median != 30*time.Minute {
		t.Errorf("economy recovered in %+v: %v", r, r)
	}
}
