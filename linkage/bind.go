package linkage

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/policy"
)

// Role is who acknowledges a link.
type Role string

// The roles that the default policy allows to acknowledge; a policy may name others.
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
// ExportRowID, or by PromotionPacketID or ExportBatchID where only one export has it,
// or by a Clue if the linker has a [Resolver]; what is given must all fit. Give a
// RollbackEventID or an IncidentTicketID, or both.
//
// The row's divergence_summary is made of the Deltas, which are facts, and of
// DivergenceSummary, which is free text beside them: see [Summary]. One of both is
// required, and together they take at most [MaxSummaryBytes].
type Divergence struct {
	ExportRowID       int64
	PromotionPacketID string
	ExportBatchID     string
	Clue              Clue

	RollbackEventID   string
	IncidentTicketID  string
	Deltas            []Delta
	DivergenceSummary string
	LinkOwnerAck      Ack // required, in a role that the archive's policy allows to acknowledge
}

// Link is the row that binds a divergence to its export.
type Link struct {
	exportlog.Row
	Export       exportlog.Row
	AlreadyBound bool // the same ids were bound to the same export before; Row is that link, and nothing was written
}

// Bind appends a link row that binds a divergence to the export meant. An incident
// may be bound to many exports, and an export to many incidents. The same
// rollback_event_id and incident_ticket_id bound to the same export again return the
// first link, whatever the summary says now: what was said first stays said.
//
// Without an acknowledgement that the archive's policy accepts it is
// [ErrNotAcknowledged]; an export that cannot be told apart is an [AmbiguousError] with
// the candidates, one that is not there a [NotLocatedError] with the nearest.
func (l *Linker) Bind(ctx context.Context, d Divergence) (link Link, err error) {
	ctx, op := l.watch.Start(ctx, "bind divergence", asked(d.ids()))
	defer op.End(&err)
	if link, err = l.bind(ctx, d); err != nil {
		return Link{}, fmt.Errorf("linkage: bind: %w", err)
	}
	op.Set(attribute.Int64("holdfast.export_row_id", link.Export.ExportRowID))
	return link, nil
}

// ids are all the ids of a divergence.
func (d Divergence) ids() exportlog.Query {
	q := d.export()
	q.IncidentTicketID, q.RollbackEventID = d.IncidentTicketID, d.RollbackEventID
	return q
}

// export is what the divergence says itself of the export meant.
func (d Divergence) export() exportlog.Query {
	return exportlog.Query{ExportRowID: d.ExportRowID, PromotionPacketID: d.PromotionPacketID, ExportBatchID: d.ExportBatchID}
}

func (l *Linker) bind(ctx context.Context, d Divergence) (Link, error) {
	if err := d.validate(l.archive.Policy()); err != nil {
		return Link{}, err
	}
	export, err := l.exportOf(ctx, d)
	if err != nil {
		return Link{}, err
	}
	return appendLink(ctx, l.log, d, export)
}

// appendLink appends a link to a log.
func appendLink(ctx context.Context, log *exportlog.Log, d Divergence, export exportlog.Row) (Link, error) {
	appended, err := log.Append(ctx, linkRow(d, export))
	if err != nil {
		return Link{}, err
	}
	return Link{Row: appended[0].Row, Export: export, AlreadyBound: appended[0].Existing}, nil
}

// exportOf finds the one export a divergence is about.
func (l *Linker) exportOf(ctx context.Context, d Divergence) (exportlog.Row, error) {
	if d.Clue.IsZero() {
		return l.one(ctx, d.export())
	}
	exports, err := l.resolve(ctx, d.Clue, d.export())
	if err != nil {
		return exportlog.Row{}, err
	}
	return only(exports)
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
		DivergenceSummary:         Summary(d.Deltas, d.DivergenceSummary),
		LinkOwnerAck:              d.LinkOwnerAck.String(),
		IdempotencyKey:            linkKey(d, export.ExportRowID),
	}
}

func linkKey(d Divergence, row int64) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %q %q", row, d.RollbackEventID, d.IncidentTicketID))
	return "link:" + hex.EncodeToString(sum[:])
}

func (d Divergence) validate(p *policy.Policy) error {
	switch {
	case d.ExportRowID == 0 && d.PromotionPacketID == "" && d.ExportBatchID == "" && d.Clue.IsZero():
		return fmt.Errorf("%w: give an export_row_id, a promotion_packet_id, an export_batch_id or a clue", ErrBadDivergence)
	case d.ExportRowID < 0:
		return fmt.Errorf("%w: export_row_id %d; rows are numbered from 1", ErrBadDivergence, d.ExportRowID)
	case d.RollbackEventID == "" && d.IncidentTicketID == "":
		return fmt.Errorf("%w: give a rollback_event_id or an incident_ticket_id", ErrBadDivergence)
	}
	for _, id := range []struct{ field, value string }{
		{"rollback_event_id", d.RollbackEventID}, {"incident_ticket_id", d.IncidentTicketID}, {"link_owner_ack", d.LinkOwnerAck.Name},
	} {
		if !isPlain(id.value) {
			return fmt.Errorf("%w: %s %.80q: it must be UTF-8 of at most %d bytes without control characters", ErrBadDivergence, id.field, id.value, MaxIDBytes)
		}
		if isDrill(id.value) {
			return fmt.Errorf("%w: %s %.80q: ids that begin with %s are those of rehearsals", ErrBadDivergence, id.field, id.value, DrillPrefix)
		}
	}
	if err := d.validateSummary(); err != nil {
		return err
	}
	return d.LinkOwnerAck.validate(p)
}

func (d Divergence) validateSummary() error {
	if len(d.Deltas) > MaxDeltas {
		return fmt.Errorf("%w: %d deltas, the limit is %d", ErrBadDivergence, len(d.Deltas), MaxDeltas)
	}
	for _, delta := range d.Deltas {
		if err := delta.validate(); err != nil {
			return err
		}
	}
	if len(d.DivergenceSummary) > MaxSummaryBytes {
		return fmt.Errorf("%w: divergence_summary takes %d bytes, the limit is %d", ErrBadDivergence, len(d.DivergenceSummary), MaxSummaryBytes)
	}
	summary := Summary(d.Deltas, d.DivergenceSummary)
	switch {
	case summary == "":
		return fmt.Errorf("%w: divergence_summary is empty; give deltas, or say what was expected and what happened", ErrBadDivergence)
	case len(summary) > MaxSummaryBytes:
		return fmt.Errorf("%w: divergence_summary takes %d bytes with its deltas, the limit is %d", ErrBadDivergence, len(summary), MaxSummaryBytes)
	case !utf8.ValidString(summary):
		return fmt.Errorf("%w: divergence_summary is not UTF-8", ErrBadDivergence)
	}
	return nil
}

func (a Ack) validate(p *policy.Policy) error {
	switch {
	case strings.TrimSpace(string(a.Role)) == "":
		return fmt.Errorf("%w: link_owner_ack has no role; as what does somebody answer for the link?", ErrNotAcknowledged)
	case strings.ContainsAny(string(a.Role), ":/") || !isPlain(string(a.Role)):
		return fmt.Errorf("%w: link_owner_ack has role %.80q, which is no name of a role", ErrNotAcknowledged, a.Role)
	case strings.TrimSpace(a.Name) == "":
		return fmt.Errorf("%w: link_owner_ack has no name; who answers for the link?", ErrNotAcknowledged)
	}
	if err := p.Allows(policy.Acknowledge, a.String()); err != nil {
		return fmt.Errorf("%w: link_owner_ack: %w", ErrNotAcknowledged, err)
	}
	return nil
}
