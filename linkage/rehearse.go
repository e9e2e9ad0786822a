package linkage

import (
	"context"
	"fmt"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// DefaultSLA is how long a rehearsal may take when the drill does not say.
const DefaultSLA = 15 * time.Minute

// Drill is a rehearsal to run: the packet that supposedly went wrong, and how
// long proving what was known about it may take.
type Drill struct {
	PromotionPacketID string
	ExportRowID       int64         // tells re-exports of the packet apart; 0 when there is only one
	SLA               time.Duration // 0 is DefaultSLA
}

// Step is one part of a rehearsal.
type Step struct {
	Name   string
	Took   time.Duration
	Detail string
}

// Rehearsal is the report of a drill.
type Rehearsal struct {
	PromotionPacketID string
	Export            exportlog.Row
	Link              exportlog.Row // in the scratch log only
	Steps             []Step        // those that were completed, in order
	Total             time.Duration
	SLA               time.Duration
}

// WithinSLA reports whether the steps together took no longer than allowed.
func (r Rehearsal) WithinSLA() bool { return r.Total <= r.SLA }

// Rehearse runs the path of a real incident against the clock: find the packet's
// export, retrieve it by its archive_uri, confirm its content_integrity_reference
// and everything else that [archive.Archive.Confirm] does, and bind it to a mock
// incident. The mock incident goes into a scratch log in memory; the real log is
// only read.
//
// A step that fails ends the rehearsal. The error names the step, and the report
// has those before it. Being slower than the SLA is not an error: see
// [Rehearsal.WithinSLA].
func (l *Linker) Rehearse(ctx context.Context, d Drill) (Rehearsal, error) {
	if d.SLA == 0 {
		d.SLA = DefaultSLA
	}
	r := rehearsal{linker: l, drill: d, report: Rehearsal{PromotionPacketID: d.PromotionPacketID, SLA: d.SLA}}
	for _, step := range []struct {
		name string
		run  func(context.Context) (string, error)
	}{
		{"locate the export", r.locate},
		{"retrieve it by archive_uri", r.retrieve},
		{"confirm content_integrity_reference", r.confirm},
		{"bind a mock incident", r.bind},
	} {
		start := time.Now()
		detail, err := step.run(ctx)
		took := time.Since(start)
		r.report.Total += took
		if err != nil {
			return r.report, fmt.Errorf("linkage: rehearse: %s: %w", step.name, err)
		}
		r.report.Steps = append(r.report.Steps, Step{Name: step.name, Took: took, Detail: detail})
	}
	return r.report, nil
}

type rehearsal struct {
	linker   *Linker
	drill    Drill
	evidence archive.Evidence
	report   Rehearsal
}

func (r *rehearsal) locate(ctx context.Context) (string, error) {
	located, err := r.linker.locate(ctx, exportlog.Query{PromotionPacketID: r.drill.PromotionPacketID, ExportRowID: r.drill.ExportRowID})
	if err != nil {
		return "", err
	}
	r.report.Export = located.Export
	return fmt.Sprintf("export_row_id %d, exported %s", located.Export.ExportRowID, located.Export.ExportedAtUTC.Format(time.RFC3339)), nil
}

func (r *rehearsal) retrieve(ctx context.Context) (string, error) {
	var err error
	if r.evidence, err = r.linker.archive.Retrieve(ctx, r.report.Export.ArchiveURI); err != nil {
		return "", err
	}
	document, err := r.evidence.Document(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d bytes and %d exhibits, decided %s", len(document), len(r.evidence.Packet.Exhibits), r.evidence.Packet.PromotionDecisionAtUTC.Format(time.RFC3339)), nil
}

func (r *rehearsal) confirm(ctx context.Context) (string, error) {
	c, err := r.linker.archive.Confirm(ctx, r.report.Export)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%.23s…, signed by %.60s, %d objects read", r.report.Export.ContentIntegrityReference, c.Evidence.SignedBy, c.Objects), nil
}

// bind appends the link to a log that lives no longer than the rehearsal.
func (r *rehearsal) bind(ctx context.Context) (string, error) {
	store, err := worm.New(ctx, memworm.New())
	if err != nil {
		return "", err
	}
	defer store.Close()
	scratch := exportlog.Open(store, exportlog.Config{})
	d := Divergence{
		ExportRowID:       r.report.Export.ExportRowID,
		IncidentTicketID:  "DRILL",
		DivergenceSummary: "a rehearsal: nothing diverged",
		LinkOwnerAck:      Ack{Role: ReleaseOps, Name: "rehearsal"},
	}
	if _, err := scratch.Append(ctx, linkRow(d, r.report.Export)); err != nil {
		return "", err
	}
	bound, err := scratch.Find(ctx, exportlog.Query{IncidentTicketID: d.IncidentTicketID})
	if err != nil {
		return "", err
	}
	r.report.Link = bound[0]
	return fmt.Sprintf("incident %s leads to export_row_id %d, in a scratch log", d.IncidentTicketID, bound[0].SubjectExportRowID), nil
}
