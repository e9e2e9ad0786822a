package main

import (
	"cmp"

	"github.com/holdfast-archive/holdfast/linkage"
)

// asSeen completes a divergence by the events that have its ids: the export they are of,
// and the facts they state.
func asSeen(d linkage.Divergence, events linkage.Recorded) (linkage.Divergence, error) {
	found := false
	ownWords := d.DivergenceSummary != "" || len(d.Deltas) > 0
	var said string
	for e, err := range events() {
		if err != nil {
			return d, err // it may be the one that was meant
		}
		if !concerns(e, d) {
			continue
		}
		seen := e.Divergence(d.LinkOwnerAck)
		if found && !sameExport(d, seen) {
			return d, wrongUse("the events of %s are of more than one export: say with --packet or --row which is meant", join(d.IncidentTicketID, d.RollbackEventID))
		}
		if !found {
			d.ExportRowID, d.PromotionPacketID, d.Clue = seen.ExportRowID, seen.PromotionPacketID, seen.Clue
		}
		found = true
		d.Deltas = append(d.Deltas, seen.Deltas...)
		said = cmp.Or(said, seen.DivergenceSummary)
	}
	if !found {
		return d, wrongUse("no event of --events has %s: say with --packet, --row or --deploy-id which export is meant", join(d.IncidentTicketID, d.RollbackEventID))
	}
	if !ownWords && len(d.Deltas) == 0 {
		d.DivergenceSummary = said
	}
	return d, nil
}

// concerns reports whether an event is the incident or the rollback of a divergence.
func concerns(e linkage.Event, d linkage.Divergence) bool {
	return e.Type == linkage.EventIncident && e.IncidentTicketID != "" && e.IncidentTicketID == d.IncidentTicketID ||
		e.Type == linkage.EventRollback && e.RollbackEventID != "" && e.RollbackEventID == d.RollbackEventID
}

func sameExport(a, b linkage.Divergence) bool {
	return a.ExportRowID == b.ExportRowID && a.PromotionPacketID == b.PromotionPacketID && a.Clue == b.Clue
}
