package main

import (
	"encoding/json"
	"time"

	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
	"github.com/holdfast-archive/holdfast/exportlog"
)

// rowJSON is a row as it stands in the log, fields of later versions included.
func rowJSON(r exportlog.Row) json.RawMessage { return json.RawMessage(r.Line()) }

func rowsJSON(rows []exportlog.Row) []json.RawMessage { return each(rows, rowJSON) }

// drawRows draws rows of any kind, one to a line.
func drawRows(p *screen.Page, rows []exportlog.Row) {
	p.Table([]string{"row", "kind", "promotion_packet_id", "recorded", "what", "who"}, each(rows, func(r exportlog.Row) []any {
		return []any{r.ExportRowID, r.Kind, r.PromotionPacketID, day(r.RecordedAtUTC), about(r), answers(r)}
	}))
}

// about says in a few words what a row records.
func about(r exportlog.Row) string {
	switch r.Kind {
	case exportlog.KindExport:
		return r.PromotionDecision + ", " + string(r.RetentionClass) + " until " + day(r.RetainUntilUTC)
	case exportlog.KindLink:
		return join(r.IncidentTicketID, r.RollbackEventID)
	case exportlog.KindHold, exportlog.KindRelease:
		return join(r.MatterID, r.Reason)
	case exportlog.KindExtend:
		return string(r.RetentionClass) + " until " + day(r.RetainUntilUTC)
	}
	return r.Reason
}

func answers(r exportlog.Row) string {
	if r.LinkOwnerAck != "" {
		return r.LinkOwnerAck
	}
	return r.ExportOperatorAck
}

func join(a, b string) string {
	if a != "" && b != "" {
		return a + ", " + b
	}
	return a + b
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
