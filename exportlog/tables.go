package exportlog

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"iter"
	"time"
)

// csvColumns are the columns of [Log.WriteCSV], in order.
var csvColumns = []string{
	"export_row_id", "promotion_packet_id", "promotion_decision", "promotion_decision_at_utc", "export_batch_id", "archive_uri",
	"retention_class", "content_integrity_reference", "exported_at_utc", "export_operator_ack",
	"rollback_event_id", "incident_ticket_id", "divergence_summary", "link_owner_ack", "correction_of_export_row_id",
}

// WriteCSV writes every export as it stands (see [Log.Current]), one line for
// each link that is bound to it, or one if there is none. A corrected export
// stands under the number of its last correction, and the number of the row that
// it was exported by is in correction_of_export_row_id.
//
// The format is that of [CSVWriter]. On a damaged log what can be read is written,
// and the error says what could not.
func (l *Log) WriteCSV(ctx context.Context, w io.Writer) error {
	return writeCSV(w, l.Current(ctx))
}

// WriteCSVAsOf is [Log.WriteCSV] of every export as it stood at a moment: see
// [Log.CurrentAsOf].
func (l *Log) WriteCSVAsOf(ctx context.Context, w io.Writer, at AsOf) error {
	return writeCSV(w, l.CurrentAsOf(ctx, at))
}

func writeCSV(w io.Writer, exports iter.Seq2[Current, error]) error {
	out, err := NewCSVWriter(w, csvColumns...)
	var damage error
	for c, bad := range exports {
		if err != nil {
			break
		}
		if bad != nil {
			damage = bad
			continue
		}
		err = writeCurrent(out, c)
	}
	if err == nil {
		err = out.Flush()
	}
	if err == nil {
		err = damage
	}
	if err != nil {
		return fmt.Errorf("exportlog: write CSV: %w", err)
	}
	return nil
}

func writeCurrent(out *CSVWriter, c Current) error {
	links := c.Links
	if len(links) == 0 {
		links = []Row{{}}
	}
	number, correctionOf := c.ExportRowID, int64(0)
	if by := c.CorrectedBy(); by != 0 {
		number, correctionOf = by, c.ExportRowID
	}
	for _, link := range links {
		err := out.Write(
			rowValue(number), c.PromotionPacketID, c.PromotionDecision, csvTime(c.PromotionDecisionAtUTC), c.ExportBatchID, c.ArchiveURI,
			string(c.RetentionClass), c.ContentIntegrityReference, csvTime(c.ExportedAtUTC), c.ExportOperatorAck,
			first(link.RollbackEventID, c.RollbackEventID), first(link.IncidentTicketID, c.IncidentTicketID),
			first(link.DivergenceSummary, c.DivergenceSummary), first(link.LinkOwnerAck, c.LinkOwnerAck), rowValue(correctionOf),
		)
		if err != nil {
			return err
		}
	}
	return nil
}

func first(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

func csvTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// WriteJSONL writes the lines of the log from an export_row_id on, byte for byte
// as they are in the bucket. On a damaged log what can be read is written, and
// the error says what could not.
func (l *Log) WriteJSONL(ctx context.Context, w io.Writer, from int64) error {
	out := bufio.NewWriter(w)
	var damage error
	for r, err := range l.Rows(ctx, from) {
		if err != nil {
			damage = err
			continue
		}
		if _, err := out.Write(r.line); err != nil {
			return fmt.Errorf("exportlog: write JSONL: %w", err)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("exportlog: write JSONL: %w", err)
	}
	if damage != nil {
		return fmt.Errorf("exportlog: write JSONL: %w", damage)
	}
	return nil
}
