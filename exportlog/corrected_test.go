package exportlog_test

import (
	"testing"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// A row corrected by what lies at hand is the row that the whole log makes of it.
func TestCorrectedIsAsCurrent(t *testing.T) {
	l := open(t, memworm.New())
	fill(t, l, 2)
	correction := func(key string, of int64, change func(*exportlog.Row)) {
		r := exportlog.Row{Kind: exportlog.KindCorrection, PromotionPacketID: "pp-1", CorrectionOfExportRowID: of, IdempotencyKey: key}
		change(&r)
		if _, err := l.Append(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	correction("c-1", 1, func(r *exportlog.Row) { r.PromotionDecision = "hold" })
	correction("c-2", 3, func(r *exportlog.Row) { r.ExportOperatorAck = "release-ops/second thought" }) // a correction of the correction
	correction("c-3", 1, func(r *exportlog.Row) { r.ClearedFields = []string{"exported_at_utc"} })
	rows := allRows(t, l)
	for _, row := range rows[:2] {
		want, err := l.CurrentOf(t.Context(), row.ExportRowID)
		if err != nil {
			t.Fatal(err)
		}
		got := row.Corrected(rows) // rows of other kinds are passed over
		if got.PromotionDecision != want.PromotionDecision || got.ExportOperatorAck != want.ExportOperatorAck || !got.ExportedAtUTC.Equal(want.ExportedAtUTC) {
			t.Errorf("row %d: %+v, want %+v", row.ExportRowID, got, want.Row)
		}
	}
	if got := rows[0].Corrected(rows); got.PromotionDecision != "hold" || got.ExportOperatorAck != "release-ops/second thought" || !got.ExportedAtUTC.IsZero() {
		t.Errorf("%+v", got)
	}
	if got := rows[0].Corrected(nil); got.SHA256() != rows[0].SHA256() || got.PromotionDecision != "promote" {
		t.Errorf("not corrected: %+v", got)
	}
}
