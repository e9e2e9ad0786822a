package linkage

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/holdfast-archive/holdfast/exportlog"
)

// The bounds of what a divergence says.
const (
	MaxIDBytes      = 512
	MaxSummaryBytes = 16 << 10
)

// Role is who may acknowledge a link.
type Role string

// The roles.
const (
	ReleaseOps        Role = "release-ops"
	IncidentCommander Role = "incident-commander"
)

// Ack is the link_owner_ack: the person who answers for a link, and as what.
type Ack struct {
	Role Role
	Name string
}

// String returns the ack as rows spell it: "incident-commander: name".
func (a Ack) String() string { return string(a.Role) + ": " + a.Name }

// Divergence says what went wrong, and with which export. Name the export by
// ExportRowID, or by PromotionPacketID or ExportBatchID where only one export
// has it; give a RollbackEventID or an IncidentTicketID, or both.
type Divergence struct {
	ExportRowID       int64
	PromotionPacketID string
	ExportBatchID     string

	RollbackEventID   string
	IncidentTicketID  string
	DivergenceSummary string // what was expected and what happened; required
	LinkOwnerAck      Ack    // required
}

// Link is the row that binds a divergence to its export.
type Link struct {
	exportlog.Row
	Export       exportlog.Row
	AlreadyBound bool // the same ids were bound to the same export before; Row is that link, and nothing was written
}

// Bind appends a link row that binds a divergence to the export meant. The same
// rollback_event_id and incident_ticket_id bound to the same export again return
// the first link, whatever the summary says now: what was said first stays said.
//
// Without an acknowledgement by release ops or the incident commander it is
// [ErrNotAcknowledged]; an export that cannot be told apart is an
// [AmbiguousError] with the candidates.
func (l *Linker) Bind(ctx context.Context, d Divergence) (Link, error) {
	link, err := l.bind(ctx, d)
	if err != nil {
		return Link{}, fmt.Errorf("linkage: bind: %w", err)
	}
	return link, nil
}

func (l *Linker) bind(ctx context.Context, d Divergence) (Link, error) {
	if err := d.validate(); err != nil {
		return Link{}, err
	}
	located, err := l.locate(ctx, exportlog.Query{ExportRowID: d.ExportRowID, PromotionPacketID: d.PromotionPacketID, ExportBatchID: d.ExportBatchID})
	if err != nil {
		return Link{}, err
	}
	appended, err := l.log.Append(ctx, linkRow(d, located.Export))
	if err != nil {
		return Link{}, err
	}
	return Link{Row: appended[0].Row, Export: located.Export, AlreadyBound: appended[0].Existing}, nil
}

// linkRow is the row that binds a divergence to an export. It repeats where the
// evidence is, so that the row alone leads there.
func linkRow(d Divergence, export exportlog.Row) exportlog.Row {
	return exportlog.Row{
		Kind:                      exportlog.KindLink,
		SubjectExportRowID:        export.ExportRowID,
		PromotionPacketID:         export.PromotionPacketID,
		ExportBatchID:             export.ExportBatchID,
		ArchiveURI:                export.ArchiveURI,
		ContentIntegrityReference: export.ContentIntegrityReference,
		RollbackEventID:           d.RollbackEventID,
		IncidentTicketID:          d.IncidentTicketID,
		DivergenceSummary:         d.DivergenceSummary,
		LinkOwnerAck:              d.LinkOwnerAck.String(),
		IdempotencyKey:            linkKey(d, export.ExportRowID),
	}
}

func linkKey(d Divergence, row int64) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %q %q", row, d.RollbackEventID, d.IncidentTicketID))
	return "link:" + hex.EncodeToString(sum[:])
}

func (d Divergence) validate() error {
	switch {
	case d.ExportRowID == 0 && d.PromotionPacketID == "" && d.ExportBatchID == "":
		return fmt.Errorf("%w: give an export_row_id, a promotion_packet_id or an export_batch_id", ErrBadDivergence)
	case d.ExportRowID < 0:
		return fmt.Errorf("%w: export_row_id %d; rows are numbered from 1", ErrBadDivergence, d.ExportRowID)
	case d.RollbackEventID == "" && d.IncidentTicketID == "":
		return fmt.Errorf("%w: give a rollback_event_id or an incident_ticket_id", ErrBadDivergence)
	case strings.TrimSpace(d.DivergenceSummary) == "":
		return fmt.Errorf("%w: divergence_summary is empty; say what was expected and what happened", ErrBadDivergence)
	case len(d.DivergenceSummary) > MaxSummaryBytes:
		return fmt.Errorf("%w: divergence_summary takes %d bytes, the limit is %d", ErrBadDivergence, len(d.DivergenceSummary), MaxSummaryBytes)
	case !utf8.ValidString(d.DivergenceSummary):
		return fmt.Errorf("%w: divergence_summary is not UTF-8", ErrBadDivergence)
	case d.LinkOwnerAck.Role != ReleaseOps && d.LinkOwnerAck.Role != IncidentCommander:
		return fmt.Errorf("%w: link_owner_ack has role %.80q; %s or %s must acknowledge the link", ErrNotAcknowledged, d.LinkOwnerAck.Role, ReleaseOps, IncidentCommander)
	case strings.TrimSpace(d.LinkOwnerAck.Name) == "":
		return fmt.Errorf("%w: link_owner_ack has no name; who answers for the link?", ErrNotAcknowledged)
	}
	for field, id := range map[string]string{
		"rollback_event_id": d.RollbackEventID, "incident_ticket_id": d.IncidentTicketID, "link_owner_ack": d.LinkOwnerAck.Name,
	} {
		if len(id) > MaxIDBytes || !utf8.ValidString(id) || strings.ContainsFunc(id, unicode.IsControl) {
			return fmt.Errorf("%w: %s %.80q: it must be UTF-8 of at most %d bytes without control characters", ErrBadDivergence, field, id, MaxIDBytes)
		}
	}
	return nil
}
