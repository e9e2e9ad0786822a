package exportlog_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

func TestFind(t *testing.T) {
	b := memworm.New()
	writer, reader := open(t, b), open(t, b)
	fill(t, writer, 3)
	link := exportlog.Row{
		Kind: exportlog.KindLink, PromotionPacketID: "pp-2", ExportBatchID: "eb-pp-2", SubjectExportRowID: 2,
		RollbackEventID: "rb-1", IncidentTicketID: "INC-1", IdempotencyKey: "l1",
	}
	if _, err := writer.Append(t.Context(), link, export("pp-1", "again")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		q    exportlog.Query
		want []int64
	}{
		{"row", exportlog.Query{ExportRowID: 3}, []int64{3}},
		{"row within a commit of several", exportlog.Query{ExportRowID: 5}, []int64{5}},
		{"row beyond the end", exportlog.Query{ExportRowID: 6}, nil},
		{"packet", exportlog.Query{PromotionPacketID: "pp-1"}, []int64{1, 5}},
		{"packet with its links", exportlog.Query{PromotionPacketID: "pp-2"}, []int64{2, 4}},
		{"batch", exportlog.Query{ExportBatchID: "eb-pp-3"}, []int64{3}},
		{"incident", exportlog.Query{IncidentTicketID: "INC-1"}, []int64{4}},
		{"rollback", exportlog.Query{RollbackEventID: "rb-1"}, []int64{4}},
		{"about a row", exportlog.Query{SubjectExportRowID: 2}, []int64{4}},
		{"two things at once", exportlog.Query{PromotionPacketID: "pp-2", IncidentTicketID: "INC-1"}, []int64{4}},
		{"two things that no row has", exportlog.Query{PromotionPacketID: "pp-1", IncidentTicketID: "INC-1"}, nil},
		{"row that has another packet", exportlog.Query{ExportRowID: 1, PromotionPacketID: "pp-2"}, nil},
		{"unknown", exportlog.Query{IncidentTicketID: "INC-2"}, nil},
	} {
		rows, err := reader.Find(t.Context(), c.q)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if got := ids(rows); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: rows %v, want %v", c.name, got, c.want)
		}
	}
	if _, err := reader.Find(t.Context(), exportlog.Query{}); err == nil {
		t.Error("an empty query was answered")
	}
}

func TestRowsFrom(t *testing.T) {
	l := open(t, memworm.New())
	fill(t, l, 40)
	var got []int64
	for r, err := range l.Rows(t.Context(), 38) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r.ExportRowID)
	}
	if !reflect.DeepEqual(got, []int64{38, 39, 40}) {
		t.Errorf("rows from 38: %v", got)
	}
}

// A reader of today keeps what a writer of tomorrow adds.
func TestUnknownFieldsSurvive(t *testing.T) {
	b := memworm.New()
	l := open(t, b)
	fill(t, l, 1)
	line := string(bodyOf(t, b, commit(1)))
	line = strings.Replace(line, `"schema_version":1`, `"schema_version":2,"approved_by_jury":true`, 1)
	if err := b.Tamper(commit(1), []byte(line)); err != nil {
		t.Fatal(err)
	}
	rows := allRows(t, open(t, b))
	if len(rows) != 1 || string(rows[0].Line()) != line || rows[0].SchemaVersion != 2 {
		t.Errorf("rows %+v", rows)
	}
	if report, _ := open(t, b).Verify(t.Context(), exportlog.Scope{}); report.Later != 1 {
		t.Errorf("%d rows of a later version", report.Later)
	}
}
