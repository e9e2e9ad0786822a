package exportlog

import (
	"bytes"
	"time"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// SchemaVersion is the schema_version of the rows this package writes. Rows of
// later versions are read; fields they add are kept in [Row.Line].
const SchemaVersion = 1

// Kind says what a row records.
type Kind string

// The kinds of row.
const (
	KindExport     Kind = "export"     // a packet was archived
	KindLink       Kind = "link"       // a rollback or incident was bound to an export
	KindCorrection Kind = "correction" // an earlier row said something wrong
	KindHold       Kind = "hold"       // a legal hold was set
	KindRelease    Kind = "release"    // a legal hold was released
	KindExtend     Kind = "extend"     // retention was made longer or stricter
	KindDrill      Kind = "drill"      // the way from an incident to an export was rehearsed; nothing happened to it
)

// Row is one line of the log. The caller fills in what happened; the fields
// marked "by the log" are set when the row is committed, whatever the caller
// put there.
type Row struct {
	SchemaVersion int   `json:"schema_version"` // by the log
	ExportRowID   int64 `json:"export_row_id"`  // by the log; from 1, without gaps
	Kind          Kind  `json:"kind"`

	PromotionPacketID         string          `json:"promotion_packet_id"`
	PromotionDecision         string          `json:"promotion_decision,omitzero"`
	PromotionDecisionAtUTC    time.Time       `json:"promotion_decision_at_utc,omitzero"`
	ExportBatchID             string          `json:"export_batch_id,omitzero"`
	ArchiveURI                string          `json:"archive_uri,omitzero"`
	PacketSHA256              worm.Digest     `json:"packet_sha256,omitzero"` // of the packet's own bytes
	RetentionClass            retention.Class `json:"retention_class,omitzero"`
	RetainUntilUTC            time.Time       `json:"retain_until_utc,omitzero"`
	RetentionMode             retention.Mode  `json:"retention_mode,omitzero"`              // of the lock until then: governance or compliance
	LegalHold                 bool            `json:"legal_hold,omitzero"`                  // of an export: its class put it under legal hold at once
	ContentIntegrityReference string          `json:"content_integrity_reference,omitzero"` // "sha256:" and the digest of the batch's bundle
	ExportedAtUTC             time.Time       `json:"exported_at_utc,omitzero"`
	ExportOperatorAck         string          `json:"export_operator_ack,omitzero"` // who answers for the row, as role/name

	ReconstructedBy   string `json:"reconstructed_by,omitzero"`   // of an export that was made up for long after the decision: who put the packet together
	ReconstructedFrom string `json:"reconstructed_from,omitzero"` // … and from what

	RollbackEventID   string `json:"rollback_event_id,omitzero"`
	IncidentTicketID  string `json:"incident_ticket_id,omitzero"`
	DivergenceSummary string `json:"divergence_summary,omitzero"`
	LinkOwnerAck      string `json:"link_owner_ack,omitzero"`

	MatterID string `json:"matter_id,omitzero"` // of a hold or its release: the legal matter
	Reason   string `json:"reason,omitzero"`    // of a hold, release, extension or correction: why

	SubjectExportRowID      int64    `json:"subject_export_row_id,omitzero"`       // the row a link, hold, release, extend or drill is about
	CorrectionOfExportRowID int64    `json:"correction_of_export_row_id,omitzero"` // the row a correction puts right
	ClearedFields           []string `json:"cleared_fields,omitzero"`              // of a correction: fields that should have been empty
	ReexportOfExportRowID   int64    `json:"reexport_of_export_row_id,omitzero"`   // by the log: the latest earlier export under the same promotion_packet_id

	RecordedAtUTC  time.Time   `json:"recorded_at_utc"`           // by the log: the writer's clock
	IdempotencyKey string      `json:"idempotency_key"`           // what makes a row the same row again; required, unique among the rows of its packet
	Nonce          string      `json:"nonce"`                     // by the log: the writer's own, so that no two writers' commits are equal
	PrevRowSHA256  worm.Digest `json:"prev_row_sha256"`           // by the log: of the line before
	PrevRootSHA256 worm.Digest `json:"prev_root_sha256,omitzero"` // by the log: on a commit's first row, the Merkle tree's root over all rows before

	line []byte
}

// Line returns the row's bytes as they lie in the log, newline included. It is
// empty for a row that was not read from a log.
func (r Row) Line() []byte { return bytes.Clone(r.line) }

// SHA256 returns the digest of [Row.Line], which the next row records as its
// prev_row_sha256.
func (r Row) SHA256() worm.Digest { return worm.Sum(r.line) }
