package linkage

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// DefaultSLA is how long a rehearsal may take when the drill does not say.
const DefaultSLA = 15 * time.Minute

// mockDelay is how long after its decision the chosen promotion goes wrong.
const mockDelay = 2 * time.Hour

// Drill is a rehearsal to run: which promote supposedly went wrong, and how long
// proving what was known about it may take.
type Drill struct {
	PromotionPacketID string // of the promote; empty lets Choose decide
	ExportRowID       int64  // the same, or to tell re-exports of the packet apart
	Choose            Choice
	Seed              uint64 // of Random; 0 takes one from the system, and the report says which

	SLA time.Duration // 0 is DefaultSLA

	// Record appends a drill row to the real log, about the export, with the verdict; By
	// is who answers for it, in a role that may acknowledge links. Otherwise the real
	// log is only read.
	Record bool
	By     Ack
}

// Choice is how a promote is chosen.
type Choice string

// The choices.
const (
	Random          Choice = "random"           // the first promote from some row of the log on; what a drill that says nothing does
	OldestRegulated Choice = "oldest regulated" // the first promote of class regulated: what was archived longest under the strictest terms
	Given           Choice = "given"            // the one with the drill's ids
)

// Rehearse runs the path of a real incident against the clock. A promote of the past
// is chosen, and supposed to have been deployed two hours after its decision, and to
// have gone wrong. From that deploy the export is located, retrieved by its
// archive_uri, and confirmed, its content_integrity_reference and all else that
// [archive.Archive.Confirm] does; and it is bound to a mock incident. That link goes into
// a scratch log in memory, under ids that begin with [DrillPrefix].
//
// A step that fails ends the rehearsal. The error names the step, and the report says
// so too. Being slower than the SLA is not an error: see [Rehearsal.WithinSLA].
func (l *Linker) Rehearse(ctx context.Context, d Drill) (r Rehearsal, err error) {
	ctx, op := l.watch.Start(ctx, "rehearse incident")
	defer op.End(&err)
	if r, err = l.rehearse(ctx, d); err != nil {
		return r, fmt.Errorf("linkage: rehearse: %w", err)
	}
	return r, nil
}

func (l *Linker) rehearse(ctx context.Context, d Drill) (Rehearsal, error) {
	if d.SLA == 0 {
		d.SLA = DefaultSLA
	}
	if d.Record {
		if err := d.By.validate(l.archive.Policy()); err != nil {
			return Rehearsal{}, err
		}
	}
	r := rehearsal{linker: l, drill: d, Rehearsal: Rehearsal{StartedAtUTC: time.Now().UTC(), SLA: d.SLA}}
	err := r.run(ctx)
	if d.Record && r.Export.ExportRowID != 0 {
		if recordErr := r.record(ctx); err == nil {
			err = recordErr
		}
	}
	return r.Rehearsal, err
}

// rehearsal is one that is going on.
type rehearsal struct {
	Rehearsal
	linker *Linker
	drill  Drill
	deploy Event // the mock one
}

func (r *rehearsal) run(ctx context.Context) error {
	if err := r.step(ctx, "open the log", r.open); err != nil {
		return err
	}
	began := time.Now()
	if err := r.choose(ctx); err != nil {
		r.Failed = "choose a promote: " + err.Error()
		return fmt.Errorf("choose a promote: %w", err)
	}
	r.Choosing = time.Since(began)
	r.suppose()
	for _, step := range []struct {
		name string
		run  func(context.Context) (string, error)
	}{
		{"locate the export", r.locate},
		{"retrieve it by archive_uri", r.retrieve},
		{"confirm content_integrity_reference", r.confirm},
		{"bind a mock incident", r.bind},
	} {
		if err := r.step(ctx, step.name, step.run); err != nil {
			return err
		}
	}
	return nil
}

// step runs one part against the clock.
func (r *rehearsal) step(ctx context.Context, name string, run func(context.Context) (string, error)) (err error) {
	ctx, op := r.linker.watch.Start(ctx, name)
	defer op.End(&err)
	metered, meter := worm.WithMeter(ctx)
	began := time.Now()
	detail, err := run(metered)
	s := Step{Name: name, Took: time.Since(began), Usage: meter.Usage(), Detail: detail}
	r.Total += s.Took
	r.RoundTrips += s.RoundTrips
	if err != nil {
		r.Failed = name + ": " + err.Error()
		return fmt.Errorf("%s: %w", name, err)
	}
	r.Steps = append(r.Steps, s)
	return nil
}

func (r *rehearsal) open(ctx context.Context) (string, error) {
	head, err := r.linker.log.Head(ctx)
	return fmt.Sprintf("%d rows", head.Size), err
}

// choose takes the promote. Somebody who has an incident need not choose, so this is
// timed apart.
func (r *rehearsal) choose(ctx context.Context) (err error) {
	d := r.drill
	if d.Choose == "" && (d.PromotionPacketID != "" || d.ExportRowID != 0) {
		d.Choose = Given
	}
	if d.Choose == "" {
		d.Choose = Random
	}
	r.Chosen = d.Choose
	switch d.Choose {
	case Given:
		r.Export, err = r.linker.one(ctx, exportlog.Query{PromotionPacketID: d.PromotionPacketID, ExportRowID: d.ExportRowID})
	case OldestRegulated:
		r.Export, err = firstPromote(r.linker.log.Rows(ctx, 1), func(row exportlog.Row) bool { return row.RetentionClass == retention.Regulated })
	case Random:
		err = r.chooseAtRandom(ctx)
	default:
		err = fmt.Errorf("%w: there is no choice %.80q", ErrBadDivergence, d.Choose)
	}
	return err
}

func (r *rehearsal) chooseAtRandom(ctx context.Context) error {
	if r.Seed = r.drill.Seed; r.Seed == 0 {
		r.Seed = rand.Uint64()
	}
	head, err := r.linker.log.Head(ctx)
	if err != nil {
		return err
	}
	from := 1 + rand.New(rand.NewPCG(r.Seed, 0)).Int64N(max(head.Size, 1))
	whatever := func(exportlog.Row) bool { return true }
	if r.Export, err = firstPromote(r.linker.log.Rows(ctx, from), whatever); err != nil {
		r.Export, err = firstPromote(r.linker.log.Rows(ctx, 1), whatever)
	}
	return err
}

func firstPromote(rows iter.Seq2[exportlog.Row, error], fits func(exportlog.Row) bool) (exportlog.Row, error) {
	for row, err := range rows {
		if err != nil {
			return exportlog.Row{}, err
		}
		if row.Kind == exportlog.KindExport && row.PromotionDecision == "promote" && fits(row) {
			return row, nil
		}
	}
	return exportlog.Row{}, &NotLocatedError{Wanted: "a promote to rehearse with", Problem: "the log has none that fits"}
}

// suppose makes up what happened.
func (r *rehearsal) suppose() {
	id := fmt.Sprintf("%s%s-%d", DrillPrefix, r.StartedAtUTC.Format("20060102T150405Z"), r.Export.ExportRowID)
	at := r.Export.PromotionDecisionAtUTC.Add(mockDelay)
	r.DrillID = id
	r.deploy = Event{Type: EventDeploy, AtUTC: at, DeployID: id + "-deploy", PromotionPacketID: r.Export.PromotionPacketID,
		Fields: map[string]any{"export_row_id": float64(r.Export.ExportRowID)}}
	incident := Event{Type: EventIncident, AtUTC: at.Add(time.Minute), IncidentTicketID: id, Severity: "sev-1", DeployID: r.deploy.DeployID,
		Fields: map[string]any{"deltas": []any{map[string]any{"field": "crash_free_sessions", "recorded": "as promoted", "observed": "supposed to be worse"}}}}
	rollback := Event{Type: EventRollback, AtUTC: at.Add(5 * time.Minute), RollbackEventID: id + "-rollback", DeployID: r.deploy.DeployID}
	r.Scenario = []Event{r.deploy, incident, rollback}
}

// locate starts from what somebody on call has: the deploy that was rolled back.
func (r *rehearsal) locate(ctx context.Context) (string, error) {
	happened := Recorded(func() iter.Seq2[Event, error] {
		return func(yield func(Event, error) bool) {
			for _, e := range r.Scenario {
				if !yield(e, nil) {
					return
				}
			}
		}
	})
	exports, err := r.linker.WithResolver(happened).resolve(ctx, Clue{DeployID: r.deploy.DeployID}, exportlog.Query{})
	if err != nil {
		return "", err
	}
	export, err := only(exports)
	return fmt.Sprintf("deploy %s leads to export_row_id %d, exported %s", r.deploy.DeployID, export.ExportRowID, export.ExportedAtUTC.Format(time.RFC3339)), err
}

func (r *rehearsal) retrieve(ctx context.Context) (string, error) {
	evidence, err := r.linker.archive.Retrieve(ctx, r.Export.ArchiveURI)
	if err != nil {
		return "", err
	}
	document, err := evidence.Document(ctx)
	return fmt.Sprintf("%d bytes and %d exhibits, decided %s", len(document), len(evidence.Packet.Exhibits), evidence.Packet.PromotionDecisionAtUTC.Format(time.RFC3339)), err
}

func (r *rehearsal) confirm(ctx context.Context) (string, error) {
	var c archive.Confirmation
	c, err := r.linker.archive.Confirm(ctx, r.Export)
	r.Checks = c.Checks
	return fmt.Sprintf("%.23s…, signed by %.60s, %d objects read", r.Export.ContentIntegrityReference, c.Evidence.SignedBy, c.Objects), err
}

// bind appends the link to a log that lives no longer than the rehearsal.
func (r *rehearsal) bind(ctx context.Context) (string, error) {
	ctx, _ = worm.WithMeter(ctx) // what the scratch log takes is not the bucket's
	store, err := worm.New(ctx, memworm.New())
	if err != nil {
		return "", err
	}
	defer store.Close()
	scratch := exportlog.Open(store, exportlog.Config{})
	incident, rollback := r.Scenario[1], r.Scenario[2]
	d := incident.Divergence(Ack{Role: ReleaseOps, Name: "rehearsal"})
	d.RollbackEventID = rollback.RollbackEventID
	if _, err := appendLink(ctx, scratch, d, r.Export); err != nil {
		return "", err
	}
	bound, err := scratch.Find(ctx, exportlog.Query{IncidentTicketID: d.IncidentTicketID})
	if err != nil {
		return "", err
	}
	if len(bound) != 1 || bound[0].ContentIntegrityReference != r.Export.ContentIntegrityReference {
		return "", fmt.Errorf("%w: the scratch log does not lead from %s to the export", ErrNotLocated, d.IncidentTicketID)
	}
	r.Link = bound[0]
	return fmt.Sprintf("incident %s leads to export_row_id %d, in a scratch log", d.IncidentTicketID, r.Link.SubjectExportRowID), scratch.Close()
}

// record appends the drill to the real log.
func (r *rehearsal) record(ctx context.Context) error {
	row := exportlog.Row{
		Kind:               exportlog.KindDrill,
		SubjectExportRowID: r.Export.ExportRowID,
		PromotionPacketID:  r.Export.PromotionPacketID,
		IncidentTicketID:   r.DrillID,
		Reason:             r.Verdict(),
		ExportOperatorAck:  string(r.drill.By.Role) + "/" + r.drill.By.Name,
		IdempotencyKey:     "drill:" + r.DrillID,
	}
	appended, err := r.linker.log.Append(ctx, row)
	if err != nil {
		return fmt.Errorf("record the drill: %w", err)
	}
	r.Recorded = appended[0].ExportRowID
	return nil
}
