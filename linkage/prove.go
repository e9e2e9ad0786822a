package linkage

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
)

// Proof is an export that an incident leads to, with everything that shows it to be
// what the reviewers had in front of them.
type Proof struct {
	Located
	Evidence archive.Evidence // the signed manifest; the exhibits are read through it
	Document []byte           // the packet's own bytes
	Steps    []ProofStep      // locate, retrieve and confirm
	Problem  error            // an [archive.NotConfirmedError] that names what is not as it was exported
}

// ProofStep says in words what a step checked.
type ProofStep struct {
	Name    string
	Checked []archive.Check
}

// Prove goes the whole way from an incident_ticket_id or a rollback_event_id, or from
// a packet, a batch or a row, to evidence: it locates the exports, retrieves each one's
// packet and manifest, and confirms bytes, manifest, signer, timestamps, the row's
// place in the log, and locks. All that takes at most four round trips one after
// the other in a log that is open, at any size. Nothing that leads to an export is a
// [NotLocatedError].
//
// What is not as it was exported is in a proof's Problem, beside all that still is.
func (l *Linker) Prove(ctx context.Context, q exportlog.Query) (proofs []Proof, err error) {
	ctx, op := l.watch.Start(ctx, "prove exports", asked(q))
	defer op.End(&err)
	if proofs, err = l.prove(ctx, q); err != nil {
		return nil, fmt.Errorf("linkage: prove: %w", err)
	}
	return proofs, nil
}

func (l *Linker) prove(ctx context.Context, q exportlog.Query) ([]Proof, error) {
	rows, damage, err := l.leading(ctx, q)
	if err != nil {
		return nil, err
	}
	leads := leadsOf(rows)
	if len(leads) == 0 {
		return nil, l.notLocated(ctx, q, "", damage)
	}
	proofs := make([]Proof, len(leads))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(maxAtOnce)
	for i, lead := range leads {
		g.Go(func() (err error) {
			proofs[i], err = l.proveOne(gctx, lead)
			proofs[i].Damage = damage
			return err
		})
	}
	return proofs, g.Wait()
}

// leadsOf returns a row for each export that rows lead to: its own, or else the first
// link to it.
func leadsOf(rows []exportlog.Row) []exportlog.Row {
	leads := ofKind(rows, exportlog.KindExport)
	seen := map[int64]bool{}
	for _, r := range leads {
		seen[r.ExportRowID] = true
	}
	for _, r := range ofKind(rows, exportlog.KindLink) {
		if !seen[r.SubjectExportRowID] {
			seen[r.SubjectExportRowID] = true
			leads = append(leads, r)
		}
	}
	return leads
}

// proveOne confirms the export that a row is or is bound to, and reads its links.
func (l *Linker) proveOne(ctx context.Context, lead exportlog.Row) (Proof, error) {
	subject, confirm := lead.ExportRowID, l.archive.Confirm
	if lead.Kind == exportlog.KindLink {
		subject, confirm = lead.SubjectExportRowID, l.archive.ConfirmLinked
	}
	var c archive.Confirmation
	var links []exportlog.Row
	g, gctx := errgroup.WithContext(ctx)
	var problem error
	g.Go(func() (err error) {
		c, err = confirm(gctx, lead)
		if errors.Is(err, archive.ErrNotConfirmed) {
			problem, err = err, nil
		}
		return err
	})
	g.Go(func() (err error) {
		links, _, err = l.find(gctx, exportlog.Query{SubjectExportRowID: subject})
		return err
	})
	if err := g.Wait(); err != nil {
		return Proof{}, err
	}
	p := Proof{Evidence: c.Evidence, Document: c.Document, Problem: problem}
	p.Export, p.Links = c.Evidence.Row, ofKind(links, exportlog.KindLink)
	if lead.Kind == exportlog.KindExport {
		p.Export = lead
	}
	if p.Export.ExportRowID == 0 { // its manifest does not verify, so there is no evidence to take it from
		rows, _, err := l.find(ctx, exportlog.Query{ExportRowID: subject})
		if err != nil {
			return Proof{}, err
		}
		if len(rows) == 1 {
			p.Export = rows[0]
		}
	}
	p.Steps = proofSteps(lead, p, c)
	return p, nil
}

// proofSteps sorts what was checked into the steps somebody would take by hand.
func proofSteps(lead exportlog.Row, p Proof, c archive.Confirmation) []ProofStep {
	locate := ProofStep{Name: "locate", Checked: []archive.Check{{What: "link", OK: true,
		Says: fmt.Sprintf("row %d leads to export_row_id %d of %q; links bound to it: %d", lead.ExportRowID, p.Export.ExportRowID, p.Export.PromotionPacketID, len(p.Links))}}}
	retrieve, confirm := ProofStep{Name: "retrieve"}, ProofStep{Name: "confirm"}
	for _, check := range c.Checks {
		switch check.What {
		case "log":
			locate.Checked = append(locate.Checked, check)
		case "bytes", "manifest":
			retrieve.Checked = append(retrieve.Checked, check)
		default:
			confirm.Checked = append(confirm.Checked, check)
		}
	}
	return []ProofStep{locate, retrieve, confirm}
}
