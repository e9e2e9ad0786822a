package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/linkage"
)

// owner answers for the links that this program makes, until a person does.
var owner = linkage.Ack{Role: linkage.ReleaseOps, Name: "incident-webhook"}

// bind binds an incident to the export that authorised what went wrong, proves that,
// rehearses the way there against the clock, and returns what to say about it. What only
// a person can settle is said as well; an error is for what passes.
func (h *hook) bind(ctx context.Context, i incident) (string, error) {
	link, err := h.linker.Bind(ctx, linkage.Divergence{
		PromotionPacketID: i.PromotionPacketID,
		Clue:              i.Clue,
		IncidentTicketID:  i.ID,
		DivergenceSummary: cmp.Or(i.Title, "incident "+i.ID),
		LinkOwnerAck:      owner,
	})
	if errors.Is(err, linkage.ErrNotLocated) || errors.Is(err, linkage.ErrAmbiguous) || errors.Is(err, linkage.ErrBadDivergence) {
		return fmt.Sprintf("This incident is bound to no export yet. Name the row, and bind it by hand.\n%v", err), nil
	}
	if err != nil {
		return "", err
	}
	proofs, err := h.linker.Prove(ctx, exportlog.Query{IncidentTicketID: i.ID, PromotionPacketID: link.Export.PromotionPacketID})
	if err != nil {
		return "", err
	}
	drill, err := h.linker.Rehearse(ctx, linkage.Drill{ExportRowID: link.Export.ExportRowID, Choose: linkage.Given, SLA: h.sla})
	if err != nil && drill.Failed == "" {
		return "", err
	}
	return text(link, proofs, drill), nil
}

func text(link linkage.Link, proofs []linkage.Proof, drill linkage.Rehearsal) string {
	var b strings.Builder
	e := link.Export
	fmt.Fprintf(&b, "What was believed when this was promoted is export row %d; link row %d binds this incident to it.\n\n", e.ExportRowID, link.ExportRowID)
	fmt.Fprintf(&b, "promotion_packet_id: %s\n", e.PromotionPacketID)
	fmt.Fprintf(&b, "promotion_decision: %s, %s\n", e.PromotionDecision, e.PromotionDecisionAtUTC.Format(time.RFC3339))
	fmt.Fprintf(&b, "export_batch_id: %s\n", e.ExportBatchID)
	fmt.Fprintf(&b, "archive_uri: %s\n", e.ArchiveURI)
	fmt.Fprintf(&b, "content_integrity_reference: %s\n\n", e.ContentIntegrityReference)
	for _, p := range proofs {
		if p.Problem != nil {
			fmt.Fprintf(&b, "NOT PROVEN: %v\n", p.Problem)
			continue
		}
		fmt.Fprintf(&b, "Proven: packet, manifest, signature, log and locks of row %d are as they were exported.\n", p.Export.ExportRowID)
	}
	fmt.Fprintf(&b, "%s\n", drill.Verdict())
	return b.String()
}
