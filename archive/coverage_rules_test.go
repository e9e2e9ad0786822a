package archive_test

import (
	"slices"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/policy"
)

// someOptional makes promote mandatory, hold optional and cancelled none; exports have
// a day, four hours or an hour, and clocks may be two minutes apart.
func someOptional(t testing.TB) *policy.Policy {
	t.Helper()
	f := policy.Default().File()
	f.Decisions["hold"] = policy.Optional
	p, err := policy.New(f)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func decided(id, decision string, when time.Time) archive.Decision {
	return archive.Decision{PromotionPacketID: id, PromotionDecision: decision, PromotionDecisionAtUTC: when}
}

// exported is a row of a decision at ten, of the standard class.
func exported(id, decision string, after time.Duration) exportlog.Row {
	return exportlog.Row{Kind: exportlog.KindExport, PromotionPacketID: id, PromotionDecision: decision, PromotionDecisionAtUTC: ten,
		ExportedAtUTC: ten.Add(after), RetentionClass: retention.Standard}
}

var ten = time.Date(2026, 8, 10, 10, 0, 0, 0, time.UTC)

func TestCoverageRules(t *testing.T) {
	as := func(r exportlog.Row, change func(*exportlog.Row)) exportlog.Row { change(&r); return r }
	promote := []archive.Decision{decided("pp", "promote", ten)}
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		decisions []archive.Decision
		rows      []exportlog.Row // recorded as they are exported
		from, to  time.Time
		want      []string
		late      time.Duration
		exit      int
	}{
		"in time":                         {promote, []exportlog.Row{exported("pp", "promote", day)}, time.Time{}, time.Time{}, nil, 0, 0},
		"late within the skew":            {promote, []exportlog.Row{exported("pp", "promote", day+2*time.Minute)}, time.Time{}, time.Time{}, nil, 0, 0},
		"late":                            {promote, []exportlog.Row{exported("pp", "promote", day+2*time.Minute+time.Second)}, time.Time{}, time.Time{}, []string{"late: pp"}, 2*time.Minute + time.Second, 3},
		"late for its class":              {promote, []exportlog.Row{as(exported("pp", "promote", 90*time.Minute), func(r *exportlog.Row) { r.RetentionClass = retention.Regulated })}, time.Time{}, time.Time{}, []string{"late: pp"}, 30 * time.Minute, 3},
		"optional, late":                  {[]archive.Decision{decided("pp", "hold", ten)}, []exportlog.Row{exported("pp", "hold", 9*day)}, time.Time{}, time.Time{}, nil, 0, 0},
		"optional, not exported":          {[]archive.Decision{decided("pp", "hold", ten)}, nil, time.Time{}, time.Time{}, nil, 0, 0},
		"none, not exported":              {[]archive.Decision{decided("pp", "cancelled", ten)}, nil, time.Time{}, time.Time{}, nil, 0, 0},
		"none, exported":                  {[]archive.Decision{decided("pp", "cancelled", ten)}, []exportlog.Row{exported("pp", "cancelled", 0)}, time.Time{}, time.Time{}, []string{"against policy: pp"}, 0, 1},
		"early within the skew":           {promote, []exportlog.Row{exported("pp", "promote", -2*time.Minute)}, time.Time{}, time.Time{}, nil, 0, 0},
		"early":                           {promote, []exportlog.Row{exported("pp", "promote", -3*time.Minute)}, time.Time{}, time.Time{}, []string{"early: pp"}, 0, 1},
		"early, optional":                 {[]archive.Decision{decided("pp", "hold", ten)}, []exportlog.Row{exported("pp", "hold", -time.Hour)}, time.Time{}, time.Time{}, []string{"early: pp"}, 0, 1},
		"early, and again when decided":   {promote, []exportlog.Row{exported("pp", "promote", -time.Hour), exported("pp", "promote", time.Hour)}, time.Time{}, time.Time{}, []string{"early: pp"}, 0, 1},
		"early, and again too late":       {promote, []exportlog.Row{exported("pp", "promote", -time.Hour), exported("pp", "promote", 2*day)}, time.Time{}, time.Time{}, []string{"early: pp", "late: pp"}, day, 1},
		"undecided":                       {[]archive.Decision{decided("pp", "", time.Time{})}, nil, time.Time{}, time.Time{}, nil, 0, 0},
		"undecided, and exported":         {[]archive.Decision{decided("pp", "", time.Time{})}, []exportlog.Row{exported("pp", "promote", 0)}, time.Time{}, time.Time{}, []string{"early: pp"}, 0, 1},
		"a row of no decision at all":     {[]archive.Decision{decided("pp", "", time.Time{})}, []exportlog.Row{as(exported("pp", "", 0), func(r *exportlog.Row) { r.PromotionDecisionAtUTC = time.Time{} })}, time.Time{}, time.Time{}, []string{"early: pp"}, 0, 1},
		"reconstructed":                   {promote, []exportlog.Row{as(exported("pp", "promote", 30*day), func(r *exportlog.Row) { r.ReconstructedBy = "x/y" })}, time.Time{}, time.Time{}, []string{"reconstructed: pp"}, 29 * day, 3},
		"reconstructed in no time":        {promote, []exportlog.Row{as(exported("pp", "promote", 0), func(r *exportlog.Row) { r.ReconstructedBy = "x/y" })}, time.Time{}, time.Time{}, []string{"reconstructed: pp"}, 0, 3},
		"reconstructed beside a real one": {promote, []exportlog.Row{as(exported("pp", "promote", 0), func(r *exportlog.Row) { r.ReconstructedBy = "x/y" }), exported("pp", "promote", time.Hour)}, time.Time{}, time.Time{}, nil, 0, 0},
		"another decision":                {promote, []exportlog.Row{exported("pp", "hold", time.Hour)}, time.Time{}, time.Time{}, []string{"exported under another decision: pp"}, 0, 1},
		"another decision, re-exported":   {promote, []exportlog.Row{exported("pp", "hold", time.Hour), exported("pp", "hold", 2*time.Hour)}, time.Time{}, time.Time{}, []string{"exported under another decision: pp"}, 0, 1},
		"decided again, not exported":     {append(slices.Clone(promote), decided("pp", "promote", ten.Add(day))), []exportlog.Row{exported("pp", "promote", 0)}, time.Time{}, time.Time{}, []string{"exported under another decision: pp"}, 0, 1},
		"decided again, both exported": {append(slices.Clone(promote), decided("pp", "promote", ten.Add(5*day))),
			[]exportlog.Row{exported("pp", "promote", 0), as(exported("pp", "promote", 5*day), func(r *exportlog.Row) { r.PromotionDecisionAtUTC = ten.Add(5 * day) })}, time.Time{}, time.Time{}, nil, 0, 0},
		"held, then promoted": {append(slices.Clone(promote), decided("pp", "hold", ten.Add(-day))), []exportlog.Row{exported("pp", "promote", 0)}, time.Time{}, time.Time{}, nil, 0, 0},
		"held, and exported as promoted": {[]archive.Decision{decided("pp", "hold", ten.Add(-day))}, []exportlog.Row{exported("pp", "promote", 0), exported("pp", "promote", 1)}, time.Time{}, time.Time{},
			[]string{"orphan: pp", "orphan: pp"}, 0, 1},
		"a row before the window": {nil, []exportlog.Row{exported("pp", "promote", 0)}, ten.Add(1), time.Time{}, nil, 0, 0},
		"a row after the window":  {nil, []exportlog.Row{exported("pp", "promote", 0)}, time.Time{}, ten, nil, 0, 0},
		"a row in the window":     {nil, []exportlog.Row{exported("pp", "promote", 0)}, ten, ten.Add(1), []string{"orphan: pp"}, 0, 1},
		"missing":                 {promote, nil, ten, ten.Add(1), []string{"missing: pp"}, 0, 1},
		"missing, out of window":  {promote, nil, ten.Add(1), time.Time{}, nil, 0, 0},
		"decided again in the window": {[]archive.Decision{decided("pp", "promote", ten.Add(5*day))}, []exportlog.Row{exported("pp", "promote", 0)}, ten.Add(day), time.Time{},
			[]string{"exported under another decision: pp"}, 0, 1},
		"still due":   {[]archive.Decision{decided("pp", "promote", noon.Add(-time.Hour))}, nil, time.Time{}, time.Time{}, nil, 0, 0},
		"due no more": {[]archive.Decision{decided("pp", "promote", noon.Add(-day-2*time.Minute))}, nil, time.Time{}, time.Time{}, []string{"missing: pp"}, 0, 1},
		"due no more, by class": {[]archive.Decision{{PromotionPacketID: "pp", PromotionDecision: "promote", PromotionDecisionAtUTC: noon.Add(-2 * time.Hour), RetentionClass: retention.Regulated}}, nil,
			time.Time{}, time.Time{}, []string{"missing: pp"}, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			a := withClock(t, someOptional(t))
			for _, r := range c.rows {
				a.log(t, r.ExportedAtUTC, r)
			}
			*a.now = noon
			report := a.compare(t, archive.CoverageInput{Decisions: each(c.decisions), From: c.from, To: c.to})
			wantKinds(t, report, c.want...)
			if code := report.ExitCode(); code != c.exit {
				t.Errorf("exit code %d, want %d", code, c.exit)
			}
			late := time.Duration(0)
			for _, f := range report.Found {
				late += time.Duration(f.LateBySeconds) * time.Second
			}
			if late != c.late {
				t.Errorf("late by %v, want %v", late, c.late)
			}
		})
	}
}

// What counts is when the export was complete: when its row was recorded.
func TestCoverageCountsToTheCompletedExport(t *testing.T) {
	a := withClock(t, someOptional(t))
	a.log(t, ten.Add(48*time.Hour), exported("pp", "promote", time.Hour))
	*a.now = noon
	report := a.compare(t, archive.CoverageInput{Decisions: each([]archive.Decision{decided("pp", "promote", ten)})})
	if wantKinds(t, report, "late: pp"); report.Found[0].LateBySeconds != 24*3600 {
		t.Errorf("%+v", report.Found[0])
	}
}

// An extension to a stronger class makes no past export late; a correction does.
func TestCoverageJudgesByTheClassOfTheExport(t *testing.T) {
	a := withClock(t, someOptional(t))
	in := archive.CoverageInput{Decisions: each([]archive.Decision{decided("pp", "promote", ten)})}
	row := a.log(t, ten.Add(2*time.Hour), exported("pp", "promote", 2*time.Hour))
	a.log(t, noon, exportlog.Row{Kind: exportlog.KindExtend, PromotionPacketID: "pp", SubjectExportRowID: row, RetentionClass: retention.Regulated})
	wantKinds(t, a.compare(t, in))
	a.log(t, noon, exportlog.Row{Kind: exportlog.KindCorrection, PromotionPacketID: "pp", CorrectionOfExportRowID: row, RetentionClass: retention.Regulated})
	wantKinds(t, a.compare(t, in), "late: pp")
}

// One packet under which more is decided and exported than is remembered at once.
func TestCoverageOfACrowdedPacket(t *testing.T) {
	a := withClock(t, someOptional(t))
	a.log(t, ten, exported("pp", "promote", 0))
	var decisions []archive.Decision
	for i := range 25_000 {
		decisions = append(decisions, decided("pp", "promote", ten.Add(time.Duration(i)*time.Second)))
	}
	*a.now = noon
	report := a.compare(t, archive.CoverageInput{Decisions: each(decisions)})
	if report.Findings[archive.CoverageOtherDecision] != 24_999 || report.Total() != 24_999 || report.InTime != 1 {
		t.Errorf("%+v", report.CoverageSummary)
	}
}

func TestCoverageOfIncidents(t *testing.T) {
	a := withClock(t, someOptional(t))
	link := func(packet, ticket, rollback string) int64 {
		return a.log(t, noon, exportlog.Row{Kind: exportlog.KindLink, PromotionPacketID: packet, SubjectExportRowID: 1, IncidentTicketID: ticket, RollbackEventID: rollback})
	}
	link("pp-1", "INC-1", "rb-1")
	link("pp-1", "INC-many", "")
	link("pp-2", "INC-many", "")
	taken := link("pp-3", "INC-taken-back", "")
	a.log(t, noon, exportlog.Row{Kind: exportlog.KindCorrection, PromotionPacketID: "pp-3", CorrectionOfExportRowID: taken, ClearedFields: []string{"incident_ticket_id"}})
	report := a.compare(t, archive.CoverageInput{Decisions: each[archive.Decision](nil), From: ten, Incidents: each([]archive.Incident{
		{IncidentTicketID: "INC-1", PromotionPacketID: "pp-1"},
		{IncidentTicketID: "INC-1", PromotionPacketID: "pp-1", AtUTC: noon}, // again
		{IncidentTicketID: "INC-1"},
		{RollbackEventID: "rb-1", PromotionPacketID: "pp-1"},
		{RollbackEventID: "INC-1"}, // an incident's id is no rollback's
		{IncidentTicketID: "INC-many", PromotionPacketID: "pp-2"},
		{IncidentTicketID: "INC-many", PromotionPacketID: "pp-4"}, // bound to others
		{IncidentTicketID: "INC-taken-back", PromotionPacketID: "pp-3"},
		{IncidentTicketID: "INC-both", RollbackEventID: "rb-1"},
		{IncidentTicketID: "INC-old", AtUTC: ten.Add(-1)},
	})})
	wantKinds(t, report, "unlinked: INC-1", "unlinked: INC-many", "unlinked: INC-taken-back", "unlinked: INC-both")
	for _, f := range report.Found {
		if elsewhere := f.ExportRowID != 0; elsewhere != (f.PromotionPacketID == "pp-4") {
			t.Errorf("%+v", f)
		}
	}
	if report.Linked != 5 || report.Incidents != 9 {
		t.Errorf("%+v", report.CoverageSummary)
	}
}
