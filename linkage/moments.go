package linkage

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/holdfast-archive/holdfast/exportlog"
)

// kindDecision is the moment before the log's first word on a packet.
const kindDecision = "decision"

// tellMoments puts everything that happened in time order.
func (t *teller) tellMoments() {
	decided := map[string]bool{}
	for _, r := range t.rows {
		if key := r.PromotionPacketID + "\n" + r.PromotionDecision + r.PromotionDecisionAtUTC.String(); r.Kind == exportlog.KindExport && !decided[key] {
			decided[key] = true // one decision, exported again with other exhibits
			t.told.Moments = append(t.told.Moments, decision(r))
		}
		t.told.Moments = append(t.told.Moments, rowMoment(r))
	}
	for _, e := range t.events {
		t.told.Moments = append(t.told.Moments, eventMoment(e))
	}
	t.told.sort()
}

func decision(r exportlog.Row) Moment {
	return Moment{
		AtUTC: r.PromotionDecisionAtUTC, Kind: kindDecision, Source: "manifest",
		Title:              "Decided: " + r.PromotionDecision,
		SubjectExportRowID: r.ExportRowID, PromotionPacketID: r.PromotionPacketID,
	}
}

// rowMoment is a row as a moment: when what it records was done.
func rowMoment(r exportlog.Row) Moment {
	m := Moment{
		AtUTC: r.RecordedAtUTC, Kind: string(r.Kind), Source: "log",
		By:          cmp.Or(r.LinkOwnerAck, r.ExportOperatorAck),
		ExportRowID: r.ExportRowID, SubjectExportRowID: cmp.Or(r.SubjectExportRowID, r.CorrectionOfExportRowID),
		PromotionPacketID: r.PromotionPacketID, RollbackEventID: r.RollbackEventID, IncidentTicketID: r.IncidentTicketID,
	}
	m.Title, m.Detail = words(r)
	if r.Kind == exportlog.KindExport && !r.ExportedAtUTC.IsZero() {
		m.AtUTC, m.SubjectExportRowID = r.ExportedAtUTC, r.ExportRowID
	}
	return m
}

// words says what a row records.
func words(r exportlog.Row) (title, detail string) {
	switch r.Kind {
	case exportlog.KindExport:
		return fmt.Sprintf("Exported as row %d", r.ExportRowID), exportDetail(r)
	case exportlog.KindLink:
		deltas, free := ParseSummary(r.DivergenceSummary)
		return "Bound: " + strings.Join(named(r), ", "), join(brief(deltas), free)
	case exportlog.KindCorrection:
		return fmt.Sprintf("Row %d corrected", r.CorrectionOfExportRowID), join(corrections(r), r.Reason)
	case exportlog.KindHold:
		return "Put under legal hold", join(matter(r), r.Reason)
	case exportlog.KindRelease:
		return "Released from legal hold", join(matter(r), r.Reason)
	case exportlog.KindExtend:
		return "Kept longer", join("until "+day(r.RetainUntilUTC), r.Reason)
	}
	return fmt.Sprintf("Row %d: %s", r.ExportRowID, r.Kind), join(strings.Join(named(r), ", "), r.DivergenceSummary, r.Reason)
}

func exportDetail(r exportlog.Row) string {
	kept := "kept as " + string(r.RetentionClass)
	if !r.RetainUntilUTC.IsZero() {
		kept += " until " + day(r.RetainUntilUTC)
	}
	if r.LegalHold {
		kept += ", under legal hold"
	}
	if r.ReconstructedBy != "" {
		return join(kept, fmt.Sprintf("reconstructed by %s from %s", r.ReconstructedBy, r.ReconstructedFrom))
	}
	return kept
}

func named(r exportlog.Row) []string {
	var all []string
	if r.IncidentTicketID != "" {
		all = append(all, "incident "+r.IncidentTicketID)
	}
	if r.RollbackEventID != "" {
		all = append(all, "rollback "+r.RollbackEventID)
	}
	return all
}

func matter(r exportlog.Row) string {
	if r.MatterID == "" {
		return ""
	}
	return "matter " + r.MatterID
}

// corrections says what a correction changes, in the log's own words.
func corrections(r exportlog.Row) string {
	var all []string
	for _, f := range []struct{ name, value string }{
		{"promotion_decision", r.PromotionDecision}, {"promotion_decision_at_utc", instant(r.PromotionDecisionAtUTC)},
		{"retention_class", string(r.RetentionClass)}, {"retain_until_utc", instant(r.RetainUntilUTC)},
		{"exported_at_utc", instant(r.ExportedAtUTC)}, {"export_operator_ack", r.ExportOperatorAck},
		{"rollback_event_id", r.RollbackEventID}, {"incident_ticket_id", r.IncidentTicketID},
		{"divergence_summary", r.DivergenceSummary}, {"link_owner_ack", r.LinkOwnerAck},
	} {
		if f.value != "" {
			all = append(all, f.name+" is "+f.value)
		}
	}
	for _, name := range r.ClearedFields {
		all = append(all, name+" is nothing")
	}
	return strings.Join(all, "; ")
}

// eventMoment is something production saw.
func eventMoment(e Event) Moment {
	m := Moment{
		AtUTC: e.AtUTC, Kind: e.Type, Source: "events", Severity: e.Severity,
		PromotionPacketID: e.PromotionPacketID, DeployID: e.DeployID, RollbackEventID: e.RollbackEventID, IncidentTicketID: e.IncidentTicketID,
		Detail: e.Summary,
	}
	switch e.Type {
	case EventDeploy:
		m.Title, m.Detail = "Deployed "+e.DeployID, join(e.Summary, e.Artifact)
	case EventIncident:
		m.Title = "Incident " + e.IncidentTicketID
		m.Detail = join(e.Summary, brief(e.Deltas()))
	case EventResolved:
		m.Title = "Resolved: incident " + e.IncidentTicketID
	case EventRollback:
		m.Title, m.Detail = "Rolled back: "+e.RollbackEventID, join(e.Summary, e.DeployID)
	default:
		m.Title = e.Type
	}
	return m
}

// brief says what was observed, a line for each delta.
func brief(deltas []Delta) string {
	lines := make([]string, len(deltas))
	for i, d := range deltas {
		lines[i] = fmt.Sprintf("%s: %s, recorded %s", d.Field, d.Observed, d.Recorded)
	}
	return strings.Join(lines, "\n")
}

// join puts what there is to say on lines of its own.
func join(parts ...string) string {
	var said []string
	for _, p := range parts {
		if p != "" {
			said = append(said, p)
		}
	}
	return strings.Join(said, "\n")
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
