package main

import (
	"cmp"

	"github.com/holdfast-archive/holdfast/linkage"
)

// asSeen completes a divergence by the events that have its ids: the export they are of,
// if none is named, and the facts they state, if none are said.
func asSeen(d linkage.Divergence, events linkage.Recorded) (linkage.Divergence, error) {
	named, said := isNamed(d), saysWhat(d)
	found := 0
	for e, err := range events() {
		if err != nil {
			return d, err // it may be the one that was meant
		}
		if !concerns(e, d) {
			continue
		}
		found++
		seen := e.Divergence(d.LinkOwnerAck)
		switch {
		case !named && found == 1:
			d.ExportRowID, d.PromotionPacketID, d.Clue = seen.ExportRowID, seen.PromotionPacketID, seen.Clue
		case !named && !isSameExport(d, seen):
			return d, wrongUse("the events of %s are of more than one export: say with --packet or --row which is meant", join(d.IncidentTicketID, d.RollbackEventID))
		}
		if !said {
			d.Deltas = append(d.Deltas, seen.Deltas...)
			d.DivergenceSummary = cmp.Or(d.DivergenceSummary, seen.DivergenceSummary)
		}
	}
	if found == 0 && !named {
		return d, wrongUse("no event of --events has %s: say with --packet, --row or --deploy-id which export is meant", join(d.IncidentTicketID, d.RollbackEventID))
	}
	return d, nil
}

// concerns reports whether an event is the incident or the rollback of a divergence.
func concerns(e linkage.Event, d linkage.Divergence) bool {
	return e.Type == linkage.EventIncident && e.IncidentTicketID != "" && e.IncidentTicketID == d.IncidentTicketID ||
		e.Type == linkage.EventRollback && e.RollbackEventID != "" && e.RollbackEventID == d.RollbackEventID
}

// isNamed reports whether a divergence says which export it is of.
func isNamed(d linkage.Divergence) bool {
	return d.ExportRowID != 0 || d.PromotionPacketID != "" || d.ExportBatchID != "" || !d.Clue.IsZero()
}

// saysWhat reports whether a divergence says what diverged.
func saysWhat(d linkage.Divergence) bool { return d.DivergenceSummary != "" || len(d.Deltas) > 0 }

func isSameExport(a, b linkage.Divergence) bool {
	return a.ExportRowID == b.ExportRowID && a.PromotionPacketID == b.PromotionPacketID && a.Clue == b.Clue
}
