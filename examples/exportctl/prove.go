package main

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/spf13/cobra"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/linkage"
)

func (t *tool) proveCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "prove ID",
		Short: "Go from an incident to the evidence, and show that it is what the reviewers had",
		Long: `Prove goes the whole way: from an incident, a rollback, a packet, a batch, an archive_uri or a
row's number it locates the exports, retrieves packet and manifest, and confirms bytes,
signature, timestamps, the place in the log, and locks. It prints what each step checked, and
how long it took; once the log is open that is four round trips, at any size.

What is not as it was exported is named, beside all that still is: exit status 1.

When to use: when somebody asks what was known, and by whom it was decided.
Related:     lineage, for the story; pack, for somebody without access; rehearse, for a quiet day`,
		Example: `  exportctl prove INC-2888
  exportctl prove pp-20260811-PAYMENTS-0027
  exportctl prove rb-7501-27 --json | jq '.proofs[].confirmed'`,
		Args:              exactlyOne("an id: of an incident, rollback, packet, batch or row"),
		ValidArgsFunction: t.completeIDs,
		RunE: func(c *cobra.Command, args []string) error {
			a, err := t.open(c.Context(), readEvidence)
			if err != nil {
				return err
			}
			defer a.Close()
			return t.prove(c.Context(), a, args[0])
		},
	}
}

func (t *tool) prove(ctx context.Context, a *archive.Archive, id string) error {
	var done proven
	err := done.Open.measure(ctx, func(ctx context.Context) error {
		_, err := a.Log().Head(ctx)
		if errors.Is(err, exportlog.ErrDamaged) {
			return nil // what can be read is proved nevertheless, and the damage is told
		}
		return err
	})
	if err == nil {
		err = done.Prove.measure(ctx, func(ctx context.Context) (err error) {
			done.proofs, err = proofsOf(ctx, a, id)
			return err
		})
	}
	if err != nil {
		return err
	}
	sound := true
	for _, p := range done.proofs {
		x, err := proofOf(ctx, p)
		if err != nil {
			return err
		}
		done.Proofs = append(done.Proofs, x)
		sound = sound && x.Confirmed
	}
	if err := t.screen.Show(done, done.draw); err != nil || sound {
		return err
	}
	return verdict{exitFindings}
}

func proofsOf(ctx context.Context, a *archive.Archive, id string) (proofs []linkage.Proof, err error) {
	linker := linkage.New(a)
	if isURI(id) {
		evidence, err := a.Retrieve(ctx, id)
		if err != nil {
			return nil, err
		}
		return linker.Prove(ctx, exportlog.Query{ExportRowID: evidence.Row.ExportRowID})
	}
	err = firstMeant(id, func(q exportlog.Query) error {
		proofs, err = linker.Prove(ctx, q)
		return err
	})
	return proofs, err
}

// proven is what prove found, and what it took.
type proven struct {
	Proofs []proof `json:"proofs"`
	Open   effort  `json:"open"`  // the log
	Prove  effort  `json:"prove"` // all of them

	proofs []linkage.Proof
}

// proof is a linkage.Proof as JSON.
type proof struct {
	Export    json.RawMessage   `json:"export"`
	Links     []json.RawMessage `json:"links"`
	Confirmed bool              `json:"confirmed"`
	SignedBy  string            `json:"signed_by,omitempty"`
	Packet    manifest.Packet   `json:"packet"`   // as the signed manifest has it
	Believed  map[string]any    `json:"believed"` // the packet's own fields, as signed
	Steps     []proofStep       `json:"steps"`
	Findings  []finding         `json:"findings,omitempty"`
	Damage    string            `json:"damage,omitempty"` // elsewhere in the log

	fields []archive.Field
}

type proofStep struct {
	Name   string    `json:"name"`
	Checks []checked `json:"checks"`
}

func proofOf(ctx context.Context, p linkage.Proof) (proof, error) {
	x := proof{Export: rowJSON(p.Export), Links: rowsJSON(p.Links), Confirmed: p.Problem == nil, Packet: p.Evidence.Packet, Believed: map[string]any{}}
	for _, s := range p.Steps {
		x.Steps = append(x.Steps, proofStep{s.Name, checks(s.Checked)})
	}
	if p.Damage != nil {
		x.Damage = p.Damage.Error()
	}
	x.Findings = findingsOf(p.Problem)
	if p.Document == nil || p.Evidence.Packet.PromotionPacketID == "" {
		return x, nil // nothing of it can be believed
	}
	x.SignedBy = p.Evidence.SignedBy.String()
	fields, err := p.Evidence.Fields(ctx)
	if err != nil {
		return x, err
	}
	for _, f := range fields {
		x.Believed[f.Name] = f.Value
	}
	x.fields = fields
	return x, nil
}

// findingsOf returns what an error says is not as it was exported.
func findingsOf(err error) []finding {
	var bad *archive.NotConfirmedError
	if !errors.As(err, &bad) {
		return nil
	}
	return findings(bad.Findings)
}
