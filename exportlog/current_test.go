package exportlog_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

func mustAppend(t testing.TB, l *exportlog.Log, r exportlog.Row) int64 {
	t.Helper()
	got, err := l.Append(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return got[0].ExportRowID
}

func correction(of int64, packet, key string, change func(*exportlog.Row)) exportlog.Row {
	r := exportlog.Row{Kind: exportlog.KindCorrection, CorrectionOfExportRowID: of, PromotionPacketID: packet, IdempotencyKey: key}
	change(&r)
	return r
}

// story is a log in which much has happened to two exports.
func story(t testing.TB, l *exportlog.Log) {
	first, second := export("pp-1", "1"), export("pp-2", "2")
	first.ExportOperatorAck, first.RetentionClass = "=cmd()", "standard"
	mustAppend(t, l, first)
	mustAppend(t, l, second)
	link := exportlog.Row{Kind: exportlog.KindLink, SubjectExportRowID: 1, PromotionPacketID: "pp-1", IncidentTicketID: "INC-1", DivergenceSummary: "a, \"b\"\r\nc", IdempotencyKey: "3"}
	mustAppend(t, l, link)
	link.IncidentTicketID, link.IdempotencyKey = "INC-2", "4"
	mustAppend(t, l, link)
	mustAppend(t, l, correction(4, "pp-1", "5", func(r *exportlog.Row) { r.IncidentTicketID = "INC-3" }))
	mustAppend(t, l, correction(1, "pp-1", "6", func(r *exportlog.Row) { r.PromotionDecision = "decline"; r.ExportOperatorAck = "wrong" }))
	mustAppend(t, l, correction(6, "pp-1", "7", func(r *exportlog.Row) { r.ClearedFields = []string{"export_operator_ack"} }))
	for i, kind := range []exportlog.Kind{exportlog.KindHold, exportlog.KindExtend, exportlog.KindRelease, exportlog.KindHold} {
		mustAppend(t, l, exportlog.Row{Kind: kind, SubjectExportRowID: 2, PromotionPacketID: "pp-2", RetainUntilUTC: noon.AddDate(9, 0, 0), IdempotencyKey: "h" + string(rune('0'+i))})
	}
}

func TestCurrent(t *testing.T) {
	l := open(t, memworm.New())
	story(t, l)
	var all []exportlog.Current
	for c, err := range l.Current(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	if len(all) != 2 {
		t.Fatalf("%d exports", len(all))
	}
	one, two := all[0], all[1]
	if one.ExportRowID != 1 || one.PromotionDecision != "decline" || one.ExportOperatorAck != "" || one.CorrectedBy() != 7 || one.Held() {
		t.Errorf("pp-1 stands as %+v", one)
	}
	if len(one.Links) != 2 || one.Links[0].IncidentTicketID != "INC-1" || one.Links[1].IncidentTicketID != "INC-3" {
		t.Errorf("pp-1 has links %+v", one.Links)
	}
	if !two.Held() || !two.RetainUntilUTC.Equal(noon.AddDate(9, 0, 0)) || two.CorrectedBy() != 0 || !slices.Equal(ids(two.Changes), []int64{8, 9, 10, 11}) {
		t.Errorf("pp-2 stands as %+v", two)
	}
	for _, c := range all {
		alone, err := l.CurrentOf(t.Context(), c.ExportRowID)
		if err != nil || alone.PromotionDecision != c.PromotionDecision || !slices.Equal(ids(alone.Links), ids(c.Links)) || alone.Held() != c.Held() || !slices.Equal(ids(alone.Changes), ids(c.Changes)) {
			t.Errorf("row %d alone stands as %+v, %v", c.ExportRowID, alone, err)
		}
	}
	if _, err := l.CurrentOf(t.Context(), 3); err == nil {
		t.Error("a link was taken for an export")
	}
	if rows := allRows(t, l); rows[0].PromotionDecision != "promote" {
		t.Error("the original row has changed")
	}
}

// A reader of today applies what it knows of a log of tomorrow, and says what it
// does not.
func TestCurrentSaysWhatItDoesNotUnderstand(t *testing.T) {
	l := open(t, memworm.New())
	mustAppend(t, l, export("pp-1", "1"))
	mustAppend(t, l, exportlog.Row{Kind: "witness", SubjectExportRowID: 1, PromotionPacketID: "pp-1", IdempotencyKey: "2"})
	c, err := l.CurrentOf(t.Context(), 1)
	if err != nil || len(c.NotUnderstood) != 1 || c.NotUnderstood[0].ExportRowID != 2 {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestWriteCSV(t *testing.T) {
	l := open(t, memworm.New())
	story(t, l)
	third := export("-pp\t3", "12")
	third.ExportOperatorAck, third.PromotionDecision = "@SUM(A1)", "+1"
	mustAppend(t, l, third)
	var out bytes.Buffer
	if err := l.WriteCSV(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(out.String(), "export_row_id,promotion_packet_id,promotion_decision,promotion_decision_at_utc,export_batch_id,archive_uri,"+
		"retention_class,content_integrity_reference,exported_at_utc,export_operator_ack,"+
		"rollback_event_id,incident_ticket_id,divergence_summary,link_owner_ack,correction_of_export_row_id\r\n") {
		t.Errorf("it starts %.400q", out.String())
	}
	records, err := csv.NewReader(&out).ReadAll()
	if err != nil || len(records) != 5 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	for i, want := range []struct {
		line   int
		column int
		value  string
	}{
		{1, 0, "7"}, {1, 14, "1"}, {1, 2, "decline"}, {1, 9, ""}, {1, 11, "INC-1"}, {1, 12, "a, \"b\"\nc"}, // encoding/csv reads CRLF as LF
		{2, 0, "7"}, {2, 11, "INC-3"}, {3, 0, "2"}, {3, 11, ""}, {3, 14, ""}, {3, 8, noon.Format(time.RFC3339)},
		{4, 1, "'-pp\t3"}, {4, 2, "'+1"}, {4, 9, "'@SUM(A1)"},
	} {
		if got := records[want.line][want.column]; got != want.value {
			t.Errorf("%d: line %d has %q in column %s, want %q", i, want.line, got, records[0][want.column], want.value)
		}
	}
}

func TestWriteJSONL(t *testing.T) {
	b := memworm.New()
	grow(t, b, 700)
	l := open(t, b)
	var out bytes.Buffer
	if err := l.WriteJSONL(t.Context(), &out, 300); err != nil {
		t.Fatal(err)
	}
	if want := lines(allRows(t, l)[299:]); out.String() != want {
		t.Errorf("%d bytes, want %d", out.Len(), len(want))
	}
}

func TestCorrectionsAreHeldToTheLog(t *testing.T) {
	l := open(t, memworm.New())
	mustAppend(t, l, export("pp-1", "1"))
	decide := func(r *exportlog.Row) { r.PromotionDecision = "decline" }
	for name, r := range map[string]exportlog.Row{
		"of nothing":                correction(0, "pp-1", "k", decide),
		"of a row that is not":      correction(2, "pp-1", "k", decide),
		"of another packet's row":   correction(1, "pp-2", "k", decide),
		"of the batch":              correction(1, "pp-1", "k", func(r *exportlog.Row) { decide(r); r.ExportBatchID = "eb-x" }),
		"of the packet's bytes":     correction(1, "pp-1", "k", func(r *exportlog.Row) { decide(r); r.PacketSHA256 = worm.Sum(nil) }),
		"of what it is about":       correction(1, "pp-1", "k", func(r *exportlog.Row) { decide(r); r.SubjectExportRowID = 9 }),
		"that changes nothing":      correction(1, "pp-1", "k", func(*exportlog.Row) {}),
		"to no class that there is": correction(1, "pp-1", "k", func(r *exportlog.Row) { r.RetentionClass = "forever" }),
		"that clears what is bound": correction(1, "pp-1", "k", func(r *exportlog.Row) { r.ClearedFields = []string{"promotion_packet_id"} }),
		"that gives and clears":     correction(1, "pp-1", "k", func(r *exportlog.Row) { decide(r); r.ClearedFields = []string{"promotion_decision"} }),
		"in an export":              {Kind: exportlog.KindExport, PromotionPacketID: "pp-1", IdempotencyKey: "k", CorrectionOfExportRowID: 1},
	} {
		if _, err := l.Append(t.Context(), r); !errors.Is(err, exportlog.ErrBadRow) {
			t.Errorf("a correction %s: %v", name, err)
		}
	}
	if n := mustAppend(t, l, correction(1, "pp-1", "k", func(r *exportlog.Row) { decide(r); r.ExportBatchID = "eb-pp-1" })); n != 2 {
		t.Errorf("a good correction became row %d", n)
	}
	if n := mustAppend(t, l, correction(2, "pp-1", "k2", func(r *exportlog.Row) { decide(r); r.ExportBatchID = "eb-pp-1" })); n != 3 {
		t.Errorf("a good correction of the correction, which names no batch itself, became row %d", n)
	}
}
