package exportlog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// correctable are the fields that a correction may change. All others are the log's
// own or bind a row to what it is about.
var correctable = []correctableField{
	field("promotion_decision", func(r *Row) *string { return &r.PromotionDecision }),
	field("promotion_decision_at_utc", func(r *Row) *time.Time { return &r.PromotionDecisionAtUTC }),
	field("archive_uri", func(r *Row) *string { return &r.ArchiveURI }),
	field("retention_class", func(r *Row) *retention.Class { return &r.RetentionClass }),
	field("retain_until_utc", func(r *Row) *time.Time { return &r.RetainUntilUTC }),
	field("content_integrity_reference", func(r *Row) *string { return &r.ContentIntegrityReference }),
	field("exported_at_utc", func(r *Row) *time.Time { return &r.ExportedAtUTC }),
	field("export_operator_ack", func(r *Row) *string { return &r.ExportOperatorAck }),
	field("rollback_event_id", func(r *Row) *string { return &r.RollbackEventID }),
	field("incident_ticket_id", func(r *Row) *string { return &r.IncidentTicketID }),
	field("divergence_summary", func(r *Row) *string { return &r.DivergenceSummary }),
	field("link_owner_ack", func(r *Row) *string { return &r.LinkOwnerAck }),
}

type correctableField struct {
	name  string
	given func(r Row) bool
	copy  func(to *Row, from Row)
}

func field[T comparable](name string, of func(*Row) *T) correctableField {
	return correctableField{
		name:  name,
		given: func(r Row) bool { var zero T; return *of(&r) != zero },
		copy:  func(to *Row, from Row) { *of(to) = *of(&from) },
	}
}

// correctedBy returns the row with a correction applied.
func (r Row) correctedBy(correction Row) Row {
	for _, f := range correctable {
		if f.given(correction) || slices.Contains(correction.ClearedFields, f.name) {
			f.copy(&r, correction) // a field that is cleared is not given: it is empty there
		}
	}
	return r
}

// checkCorrection holds a row to the rules for corrections that need no log.
func (r Row) checkCorrection() error {
	if r.Kind != KindCorrection {
		if r.CorrectionOfExportRowID != 0 || len(r.ClearedFields) > 0 {
			return errors.New("only a row of kind correction has correction_of_export_row_id or cleared_fields")
		}
		return nil
	}
	if r.CorrectionOfExportRowID < 1 {
		return errors.New("a correction names the row it corrects in correction_of_export_row_id")
	}
	if r.RetentionClass != "" {
		if _, err := retention.ParseClass(string(r.RetentionClass)); err != nil {
			return err
		}
	}
	changes := len(r.ClearedFields)
	for _, f := range correctable {
		if !f.given(r) {
			continue
		}
		changes++
		if slices.Contains(r.ClearedFields, f.name) {
			return fmt.Errorf("%s is both given and among cleared_fields", f.name)
		}
	}
	if changes == 0 {
		return fmt.Errorf("a correction that changes nothing; what can be corrected is %s", strings.Join(Correctable(), ", "))
	}
	for _, name := range r.ClearedFields {
		if !slices.Contains(Correctable(), name) {
			return fmt.Errorf("cleared_fields has %.80q; what can be cleared is %s", name, strings.Join(Correctable(), ", "))
		}
	}
	return nil
}

// Correctable returns the names of the fields that a correction may change, as JSON has
// them, in the order of a row.
func Correctable() []string {
	names := make([]string, len(correctable))
	for i, f := range correctable {
		names[i] = f.name
	}
	return names
}

// checkCorrections holds corrections to the rows they correct, which must be in
// the log already and about the same things, and notes those that say where the
// evidence of an export lies.
func (l *Log) checkCorrections(ctx context.Context, r *request) error {
	for i, row := range r.rows {
		if row.Kind != KindCorrection {
			continue
		}
		of, found, err := l.origin(ctx, row.CorrectionOfExportRowID)
		if err != nil {
			return err
		}
		if !found {
			return fmt.Errorf("%w: row %d of the call corrects row %d, which the log does not have", ErrBadRow, i+1, row.CorrectionOfExportRowID)
		}
		if field := row.foreignTo(of); field != "" {
			return fmt.Errorf("%w: row %d of the call corrects row %d and has another %s: that binds a row to what it is about and cannot be corrected",
				ErrBadRow, i+1, row.CorrectionOfExportRowID, field)
		}
		if row.moves() {
			if r.moves == nil {
				r.moves = map[int]int64{}
			}
			r.moves[i] = of.evidenceOf()
		}
	}
	return nil
}

// origin returns a row; in place of a correction, the row at the start of its chain.
func (l *Log) origin(ctx context.Context, number int64) (Row, bool, error) {
	for {
		found, err := l.find(ctx, Query{ExportRowID: number})
		at := slices.IndexFunc(found, func(r Row) bool { return r.ExportRowID == number })
		if at < 0 {
			return Row{}, false, err
		}
		if r := found[at]; r.Kind != KindCorrection || r.CorrectionOfExportRowID >= number {
			return r, true, nil
		}
		number = found[at].CorrectionOfExportRowID
	}
}

// foreignTo returns the first binding field in which a correction differs from
// the row it corrects. Only promotion_packet_id need be given.
func (r Row) foreignTo(of Row) string {
	for _, field := range []struct {
		name   string
		differ bool
	}{
		{"promotion_packet_id", r.PromotionPacketID != of.PromotionPacketID},
		{"export_batch_id", r.ExportBatchID != "" && r.ExportBatchID != of.ExportBatchID},
		{"packet_sha256", r.PacketSHA256 != (worm.Digest{}) && r.PacketSHA256 != of.PacketSHA256},
		{"subject_export_row_id", r.SubjectExportRowID != 0 && r.SubjectExportRowID != of.SubjectExportRowID},
	} {
		if field.differ {
			return field.name
		}
	}
	return ""
}
