package linkage

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/holdfast-archive/holdfast/exportlog"
)

// MaxLineageExports bounds the exports of one lineage, and MaxLineageEvents the events
// that are about them.
const (
	MaxLineageExports = 1000
	MaxLineageEvents  = 10_000
)

// Story asks for a lineage: of one export, of every export of a packet, of what an
// incident or a rollback touched, or of a release cycle. Exactly one of the first five
// is set.
type Story struct {
	ExportRowID       int64
	PromotionPacketID string
	IncidentTicketID  string
	RollbackEventID   string
	ReleaseCycleID    string

	// FromUTC and UntilUTC bound when the exports of a release cycle were recorded; zero
	// is no bound. They say how much of the log is read: see [Linker.Lineage].
	FromUTC, UntilUTC time.Time

	// Events is what production saw, in any order, such as [ReadEvents] yields; nil is
	// nothing, and then no gap that only events can show is looked for. They are read
	// once, and those that are not about the story are passed over.
	Events iter.Seq2[Event, error]

	// Figures puts beside the story how its lanes and release cycles fare: their change
	// failure rate and time to recover among the promotions of this scope, as
	// [Linker.Figures] counts them and at its cost. Nil leaves them out.
	Figures *Scope
}

// Lineage is the story of a promotion in time order, what was believed when it was
// signed beside what was observed since, and the gaps in it. It is the same for the
// same rows and events, but for AsOfUTC, its own and that of its figures.
type Lineage struct {
	SchemaVersion int       `json:"schema_version"` // 1
	Of            string    `json:"of"`             // packet, export, incident, rollback or release cycle
	ID            string    `json:"id"`
	AsOfUTC       time.Time `json:"as_of_utc"` // when it was told
	LogSize       int64     `json:"log_size"`  // rows there were
	LogRoot       string    `json:"log_root_sha256,omitempty"`

	Moments []Moment `json:"moments"` // in time order
	Exports []Export `json:"exports"` // in the order of the log
	Gaps    []Gap    `json:"gaps"`    // in time order

	Figures *Figures `json:"figures,omitempty"` // of the exports' lanes and release cycles, and of all; nil if not asked for

	WithEvents bool   `json:"with_events"`      // whether production's side was told
	Damage     string `json:"damage,omitempty"` // what of the log could not be read
}

// Moment is something that happened.
type Moment struct {
	AtUTC  time.Time `json:"at_utc"`
	Kind   string    `json:"kind"`   // decision, a kind of row, or a type of event
	Source string    `json:"source"` // manifest, log or events
	Title  string    `json:"title"`
	Detail string    `json:"detail,omitempty"`
	By     string    `json:"by,omitempty"` // who answers for it

	ExportRowID        int64  `json:"export_row_id,omitempty"`         // the row that records it
	SubjectExportRowID int64  `json:"subject_export_row_id,omitempty"` // the export it is about
	PromotionPacketID  string `json:"promotion_packet_id,omitempty"`
	DeployID           string `json:"deploy_id,omitempty"`
	RollbackEventID    string `json:"rollback_event_id,omitempty"`
	IncidentTicketID   string `json:"incident_ticket_id,omitempty"`
	Severity           string `json:"severity,omitempty"`
}

// Export is one export of the story: what its reviewers believed, as it was signed,
// and what was observed since.
type Export struct {
	ExportRowID               int64     `json:"export_row_id"`
	PromotionPacketID         string    `json:"promotion_packet_id"`
	ExportBatchID             string    `json:"export_batch_id"`
	ArchiveURI                string    `json:"archive_uri"`
	ContentIntegrityReference string    `json:"content_integrity_reference"`
	PromotionDecision         string    `json:"promotion_decision"` // as corrected
	PromotionDecisionAtUTC    time.Time `json:"promotion_decision_at_utc"`
	RetentionClass            string    `json:"retention_class"`
	RetainUntilUTC            time.Time `json:"retain_until_utc,omitzero"`
	Held                      bool      `json:"held"`

	SignedBy   string        `json:"signed_by,omitempty"`
	Believed   []Belief      `json:"believed"` // the packet's fields, as signed; empty when it could not be verified
	Exhibits   []Exhibit     `json:"exhibits,omitempty"`
	Observed   []Observation `json:"observed"`             // deltas, by time
	Said       []Remark      `json:"said,omitempty"`       // in free text, by whoever linked
	Unverified string        `json:"unverified,omitempty"` // why nothing is believed here

	artifact string
	in       lane
}

// Belief is one field of the packet.
type Belief struct {
	Field string `json:"field"`
	Value string `json:"value"` // lists are joined with ", "; values of other forms are JSON
}

// Exhibit is a file that the reviewers had in front of them.
type Exhibit struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"` // bytes
}

// Observation is one fact that differs from what was believed.
type Observation struct {
	Field         string    `json:"field"`
	Recorded      string    `json:"recorded"` // by the word of the source
	Observed      string    `json:"observed"`
	Source        string    `json:"source"`
	ObservedAtUTC time.Time `json:"observed_at_utc"`
	ExportRowID   int64     `json:"export_row_id,omitempty"` // the link row that states it; 0 if only an event does
	Signed        string    `json:"signed,omitempty"`        // the packet's own value of the field, if it has one
}

// Remark is free text of a link.
type Remark struct {
	ExportRowID int64  `json:"export_row_id"`
	Text        string `json:"text"`
	By          string `json:"by"`
}

// Lineage tells a story from the log, the signed manifests and packets, and the events
// given. It reads and never writes.
//
// An export, a packet, an incident or a rollback takes the same number of round trips
// at any size of the log: two or three to find the rows, as many for the packets, and
// two for the evidence. A release cycle is not in the log but in the packets, so every
// export recorded between FromUTC and UntilUTC has its packet read: for each a request,
// sixteen at a time, and one for each manifest; the log itself is streamed from
// FromUTC on. Only what belongs to the cycle is kept in memory.
//
// A story that neither the log nor the events know is [ErrNotLocated]. One of more than
// [MaxLineageExports] exports or [MaxLineageEvents] events is [ErrTooMuch]. Evidence that
// does not verify is not an error: its export says so, and it is among the gaps.
func (l *Linker) Lineage(ctx context.Context, s Story) (told Lineage, err error) {
	ctx, op := l.watch.Start(ctx, "tell lineage", asked(exportlog.Query{ExportRowID: s.ExportRowID,
		PromotionPacketID: s.PromotionPacketID, IncidentTicketID: s.IncidentTicketID, RollbackEventID: s.RollbackEventID}))
	defer op.End(&err)
	if told, err = l.tell(ctx, s); err != nil {
		return Lineage{}, fmt.Errorf("linkage: lineage: %w", err)
	}
	return told, nil
}

func (l *Linker) tell(ctx context.Context, s Story) (Lineage, error) {
	of, id, err := s.subject()
	if err != nil {
		return Lineage{}, err
	}
	t := teller{linker: l, story: s, told: Lineage{SchemaVersion: 1, Of: of, ID: id, WithEvents: s.Events != nil}}
	for _, step := range []func(context.Context) error{t.readEvents, t.findPackets, t.readRows, t.readEvidence, t.readHead, t.readFigures} {
		if err := step(ctx); err != nil {
			return Lineage{}, err
		}
	}
	t.tellMoments()
	t.tellObservations()
	t.tellGaps()
	return t.told, nil
}

// subject returns what the story is of.
func (s Story) subject() (of, id string, err error) {
	n := 0
	for _, given := range []struct{ of, id string }{
		{"packet", s.PromotionPacketID}, {"incident", s.IncidentTicketID}, {"rollback", s.RollbackEventID}, {"release cycle", s.ReleaseCycleID},
	} {
		if given.id != "" {
			of, id, n = given.of, given.id, n+1
		}
	}
	if s.ExportRowID != 0 {
		of, id, n = "export", fmt.Sprint(s.ExportRowID), n+1
	}
	if n != 1 || s.ExportRowID < 0 {
		return "", "", fmt.Errorf("%w: it is of an export_row_id, a promotion_packet_id, an incident_ticket_id, a rollback_event_id or a release_cycle_id: give one", ErrBadStory)
	}
	return of, id, nil
}

// rank orders what happened at the same time.
var rank = []string{"decision", string(exportlog.KindExport), EventDeploy, EventIncident, EventRollback, EventResolved, string(exportlog.KindLink), string(exportlog.KindCorrection)}

func (l *Lineage) sort() {
	place := func(m Moment) int {
		if i := slices.Index(rank, m.Kind); i >= 0 {
			return i
		}
		return len(rank)
	}
	slices.SortStableFunc(l.Moments, func(a, b Moment) int {
		return cmp.Or(a.AtUTC.Compare(b.AtUTC), cmp.Compare(place(a), place(b)), cmp.Compare(a.ExportRowID, b.ExportRowID))
	})
	slices.SortStableFunc(l.Gaps, func(a, b Gap) int { return a.AtUTC.Compare(b.AtUTC) })
}
