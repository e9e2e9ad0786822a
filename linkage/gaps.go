package linkage

import (
	"fmt"
	"time"

	"github.com/holdfast-archive/holdfast/exportlog"
)

// Gap is something the story should have and has not, or has in the wrong order. It is
// a fact to be looked at, and nobody's fault.
type Gap struct {
	Kind              GapKind   `json:"kind"`
	AtUTC             time.Time `json:"at_utc,omitzero"`
	PromotionPacketID string    `json:"promotion_packet_id,omitempty"`
	ExportRowID       int64     `json:"export_row_id,omitempty"` // the row it is about
	Text              string    `json:"text"`
}

// GapKind says which gap it is.
type GapKind string

// The gaps that are looked for. Those marked "events" only if [Story.Events] is given.
const (
	GapNotExported       GapKind = "not_exported"           // nothing of the packet is in the archive, though production knows it
	GapUnlinkedIncident  GapKind = "incident_without_link"  // events: no link row binds it
	GapUnlinkedRollback  GapKind = "rollback_without_link"  // events: no link row binds it
	GapUnseenDivergence  GapKind = "link_without_event"     // events: a link names what the events do not have
	GapNoDeploy          GapKind = "no_deploy"              // events: promoted, and never seen deployed
	GapDeployedEarly     GapKind = "deployed_before_export" // events
	GapDeployedUndecided GapKind = "deployed_unpromoted"    // events: the decision came later, or was not to promote
	GapOtherArtifact     GapKind = "other_artifact"         // events: what was deployed is not what was decided on
	GapLateExport        GapKind = "late_export"            // after the policy's maximum_delay
	GapExportAfter       GapKind = "export_after_incident"  // the evidence was made when it was known what went wrong
	GapCorrectionAfter   GapKind = "correction_after_incident"
	GapReconstructed     GapKind = "reconstructed"    // the packet was put together long after
	GapReexported        GapKind = "exported_again"   // other bytes or exhibits under the same id
	GapRecordedDiffers   GapKind = "recorded_differs" // what a source says was recorded is not what was signed
	GapUnverified        GapKind = "not_verified"     // the evidence is not what it was
	GapNoCheckpoint      GapKind = "no_checkpoint"    // no signed checkpoint covers the row yet
	GapDamaged           GapKind = "log_damaged"      // rows could not be read
	GapNotUnderstood     GapKind = "not_understood"   // a row of a later version
)

// tellGaps names what is missing.
func (t *teller) tellGaps() {
	if t.told.Damage != "" {
		t.gap(GapDamaged, time.Time{}, "", 0, "part of the story could not be read: %s", t.told.Damage)
	}
	if t.noKey && len(t.exports) > 0 {
		t.gap(GapNoCheckpoint, time.Time{}, "", 0, "whether signed checkpoints cover these rows is not known: the archive was opened without the log's key")
	}
	for i, x := range t.told.Exports {
		t.exportGaps(t.exports[i], x)
		t.productionGaps(x)
	}
	t.orderGaps()
	t.eventGaps()
	t.told.sort()
}

func (t *teller) gap(kind GapKind, at time.Time, packet string, row int64, format string, args ...any) {
	t.told.Gaps = append(t.told.Gaps, Gap{Kind: kind, AtUTC: at, PromotionPacketID: packet, ExportRowID: row, Text: fmt.Sprintf(format, args...)})
}

// exportGaps looks at one export by itself.
func (t *teller) exportGaps(c exportlog.Current, x Export) {
	row, packet := c.ExportRowID, c.PromotionPacketID
	if x.Unverified != "" {
		t.gap(GapUnverified, c.ExportedAtUTC, packet, row, "what was believed cannot be shown: %s", x.Unverified)
	}
	limit := t.linker.archive.Policy().MaximumDelay(c.RetentionClass)
	if took := c.ExportedAtUTC.Sub(c.PromotionDecisionAtUTC); limit > 0 && took > limit {
		t.gap(GapLateExport, c.ExportedAtUTC, packet, row, "exported %s after the decision; the policy allows %s for %s", span(took), span(limit), x.RetentionClass)
	}
	if c.ReconstructedBy != "" {
		t.gap(GapReconstructed, c.ExportedAtUTC, packet, row, "the packet was reconstructed by %s from %s", c.ReconstructedBy, c.ReconstructedFrom)
	}
	if c.ReexportOfExportRowID != 0 {
		t.gap(GapReexported, c.ExportedAtUTC, packet, row, "the same packet id was exported before, as row %d, with other contents", c.ReexportOfExportRowID)
	}
	if !t.noKey && row > t.covered {
		t.gap(GapNoCheckpoint, time.Time{}, packet, row, "no signed checkpoint covers row %d yet", row)
	}
	for _, r := range c.NotUnderstood {
		t.gap(GapNotUnderstood, r.RecordedAtUTC, packet, r.ExportRowID, "row %d is of kind %s, schema version %d: what it says may change the story", r.ExportRowID, r.Kind, r.SchemaVersion)
	}
	for _, o := range x.Observed {
		if o.Signed != "" && o.Recorded != "" && o.Signed != o.Recorded {
			t.gap(GapRecordedDiffers, o.ObservedAtUTC, packet, row, "%s says that %s was recorded as %s; what was signed is %s", o.Source, o.Field, o.Recorded, o.Signed)
		}
	}
}

// productionGaps holds one export to what production saw of its packet.
func (t *teller) productionGaps(x Export) {
	if !t.told.WithEvents {
		return
	}
	deployed := false
	for _, e := range t.events {
		if e.PromotionPacketID != x.PromotionPacketID || e.Type != EventDeploy {
			continue
		}
		deployed = true
		switch {
		case x.PromotionDecision != "promote":
			t.gap(GapDeployedUndecided, e.AtUTC, x.PromotionPacketID, x.ExportRowID, "%s was deployed, and the decision was %s", e.DeployID, x.PromotionDecision)
		case e.AtUTC.Before(x.PromotionDecisionAtUTC):
			t.gap(GapDeployedUndecided, e.AtUTC, x.PromotionPacketID, x.ExportRowID, "%s was deployed %s before the decision", e.DeployID, span(x.PromotionDecisionAtUTC.Sub(e.AtUTC)))
		}
		if e.Artifact != "" && x.artifact != "" && e.Artifact != x.artifact {
			t.gap(GapOtherArtifact, e.AtUTC, x.PromotionPacketID, x.ExportRowID, "%s deployed %s; decided on was %s", e.DeployID, e.Artifact, x.artifact)
		}
	}
	if !deployed && x.PromotionDecision == "promote" {
		t.gap(GapNoDeploy, x.PromotionDecisionAtUTC, x.PromotionPacketID, x.ExportRowID, "promoted, and never seen deployed")
	}
}

// orderGaps looks for what came after the first thing that went wrong with its packet.
func (t *teller) orderGaps() {
	wrong := map[string]Moment{}
	deployed := map[string]Moment{}
	for _, m := range t.told.Moments {
		packet := m.PromotionPacketID
		first, broken := wrong[packet]
		switch m.Kind {
		case EventIncident, EventRollback:
			if !broken {
				wrong[packet] = m
			}
		case EventDeploy:
			if _, ok := deployed[packet]; !ok {
				deployed[packet] = m
			}
		case string(exportlog.KindExport):
			if d, ok := deployed[packet]; ok {
				t.gap(GapDeployedEarly, m.AtUTC, packet, m.ExportRowID, "%s was deployed %s before it was exported", d.DeployID, span(m.AtUTC.Sub(d.AtUTC)))
			}
			if broken {
				t.gap(GapExportAfter, m.AtUTC, packet, m.ExportRowID, "exported %s after %s", span(m.AtUTC.Sub(first.AtUTC)), eventName(first))
			}
		case string(exportlog.KindCorrection):
			if broken {
				t.gap(GapCorrectionAfter, m.AtUTC, packet, m.ExportRowID, "row %d was corrected %s after %s", m.SubjectExportRowID, span(m.AtUTC.Sub(first.AtUTC)), eventName(first))
			}
		}
	}
}

func eventName(m Moment) string {
	return Event{Type: m.Kind, IncidentTicketID: m.IncidentTicketID, RollbackEventID: m.RollbackEventID, DeployID: m.DeployID}.name()
}

// eventGaps holds events and links to each other.
func (t *teller) eventGaps() {
	seen, exported, told := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, c := range t.exports {
		exported[c.PromotionPacketID] = true
	}
	for _, e := range t.events {
		seen["incident "+e.IncidentTicketID], seen["rollback "+e.RollbackEventID] = true, true
		switch {
		case e.Type == EventIncident && !t.linked[e.PromotionPacketID+"\nincident "+e.IncidentTicketID]:
			t.gap(GapUnlinkedIncident, e.AtUTC, e.PromotionPacketID, 0, "incident %s is bound to no export of its packet", e.IncidentTicketID)
		case e.Type == EventRollback && !t.linked[e.PromotionPacketID+"\nrollback "+e.RollbackEventID]:
			t.gap(GapUnlinkedRollback, e.AtUTC, e.PromotionPacketID, 0, "rollback %s is bound to no export of its packet", e.RollbackEventID)
		}
		if !exported[e.PromotionPacketID] && !told[e.PromotionPacketID] {
			told[e.PromotionPacketID] = true
			t.gap(GapNotExported, e.AtUTC, e.PromotionPacketID, 0, "%s names packet %q, and the archive has no export of it", e.name(), e.PromotionPacketID)
		}
	}
	if !t.told.WithEvents {
		return
	}
	for _, c := range t.exports {
		for _, link := range c.Links {
			for _, name := range named(link) {
				if !seen[name] {
					t.gap(GapUnseenDivergence, link.RecordedAtUTC, link.PromotionPacketID, link.ExportRowID, "row %d binds %s, which the events do not have", link.ExportRowID, name)
				}
			}
		}
	}
}

// span is a duration as people say it, rounded down.
func span(d time.Duration) string {
	if d < 0 {
		d = -d
	}
	day := 24 * time.Hour
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 2*day:
		return pair(d/time.Hour, "h", d%time.Hour/time.Minute, "min")
	}
	return pair(d/day, "days", d%day/time.Hour, "h")
}

func pair(n time.Duration, unit string, m time.Duration, smaller string) string {
	if m == 0 {
		return fmt.Sprintf("%d %s", n, unit)
	}
	return fmt.Sprintf("%d %s %d %s", n, unit, m, smaller)
}
