package archive

import (
	"time"

	"github.com/holdfast-archive/holdfast/retention"
)

// CoverageKind says in what way decisions, exports and incidents do not match.
type CoverageKind string

// The kinds of finding.
const (
	// CoverageMissing: a mandatory decision, and no export row of its packet.
	CoverageMissing CoverageKind = "missing"
	// CoverageOtherDecision: a mandatory decision without an export row, though its
	// packet was exported under another promotion_decision or promotion_decision_at_utc.
	CoverageOtherDecision CoverageKind = "exported under another decision"
	// CoverageEarly: exported before the decision was final.
	CoverageEarly CoverageKind = "early"
	// CoverageLate: a mandatory decision, exported later than the policy allows.
	CoverageLate CoverageKind = "late"
	// CoverageReconstructed: a mandatory decision that only a reconstruction covers: it
	// was put together and exported afterwards, and never passes as exported in time.
	CoverageReconstructed CoverageKind = "reconstructed"
	// CoverageOrphan: an export row without a decision.
	CoverageOrphan CoverageKind = "orphan"
	// CoverageAgainstPolicy: an export of a decision that the policy does not export.
	CoverageAgainstPolicy CoverageKind = "against policy"
	// CoverageUnknownDecision: a promotion_decision that the policy does not list, so
	// that nobody can say whether it must be exported.
	CoverageUnknownDecision CoverageKind = "unknown decision"
	// CoverageUnlinked: an incident or a rollback that no link row binds to an export of
	// its packet, or of any packet if it names none.
	CoverageUnlinked CoverageKind = "unlinked"
)

// CoverageKinds returns the kinds, gravest first.
func CoverageKinds() []CoverageKind {
	return []CoverageKind{CoverageMissing, CoverageOtherDecision, CoverageEarly, CoverageOrphan, CoverageAgainstPolicy,
		CoverageUnknownDecision, CoverageUnlinked, CoverageReconstructed, CoverageLate}
}

// CoverageFinding is one decision, export row or incident that does not match. What
// does not belong to its kind is zero.
type CoverageFinding struct {
	Kind                   CoverageKind    `json:"kind"`
	PromotionPacketID      string          `json:"promotion_packet_id,omitzero"`
	PromotionDecision      string          `json:"promotion_decision,omitzero"` // that was taken; of an orphan, that its row has
	PromotionDecisionAtUTC time.Time       `json:"promotion_decision_at_utc,omitzero"`
	ExportRowID            int64           `json:"export_row_id,omitzero"` // the row that it is about
	RetentionClass         retention.Class `json:"retention_class,omitzero"`
	ExportedAtUTC          time.Time       `json:"exported_at_utc,omitzero"`
	RecordedAtUTC          time.Time       `json:"recorded_at_utc,omitzero"` // the export was complete when the later of the two had come
	LateBySeconds          int64           `json:"late_by_seconds,omitzero"` // beyond what the policy allows, rounded up
	IncidentTicketID       string          `json:"incident_ticket_id,omitzero"`
	RollbackEventID        string          `json:"rollback_event_id,omitzero"`
	Problem                string          `json:"problem"` // in words
}

// CoverageSummary counts what was compared, and what was found.
type CoverageSummary struct {
	ComparedAtUTC time.Time `json:"compared_at_utc"`
	FromUTC       time.Time `json:"from_utc,omitzero"`
	ToUTC         time.Time `json:"to_utc,omitzero"`
	PolicySHA256  string    `json:"policy_sha256"`

	Decisions int64 `json:"decisions"` // that were taken, each once, within the window
	Mandatory int64 `json:"mandatory"` // of them
	InTime    int64 `json:"in_time"`   // mandatory ones that were exported as the policy wants it
	Due       int64 `json:"due"`       // mandatory ones that have no export row, and still have time
	Undecided int64 `json:"undecided"` // packets given without a decision
	Exports   int64 `json:"exports"`   // export rows within the window
	Incidents int64 `json:"incidents"` // and rollbacks, each once, within the window
	Linked    int64 `json:"linked"`    // of them

	Findings map[CoverageKind]int64 `json:"findings"` // how many of each kind; no entry is none
}

// Total is the number of findings.
func (s CoverageSummary) Total() int64 {
	var total int64
	for _, n := range s.Findings {
		total += n
	}
	return total
}

// ExitCode is the exit status for a pipeline:
//
//	0  all is covered, and in time
//	1  there are gaps: something is missing, or is not what was decided
//	3  all is exported and linked, but some of it too late, or reconstructed: that
//	   cannot be mended any more, and a team may choose to let it pass
//
// 2 is left to the program, for what kept it from finding out.
func (s CoverageSummary) ExitCode() int {
	switch total := s.Total(); total {
	case 0:
		return 0
	case s.Findings[CoverageLate] + s.Findings[CoverageReconstructed]:
		return 3
	}
	return 1
}

// CoverageReport is the result as a value: a [CoverageOutput] that keeps every finding
// in memory.
type CoverageReport struct {
	CoverageSummary
	Found []CoverageFinding
}

// Finding keeps a finding.
func (r *CoverageReport) Finding(f CoverageFinding) error {
	r.Found = append(r.Found, f)
	return nil
}

// Summary keeps the summary.
func (r *CoverageReport) Summary(s CoverageSummary) error {
	r.CoverageSummary = s
	return nil
}
