package archive_test

import (
	"cmp"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/policy"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// each yields values as a reader would.
func each[T any](values []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range values {
			if !yield(v, nil) {
				return
			}
		}
	}
}

func collect[T any](t testing.TB, values iter.Seq2[T, error]) []T {
	t.Helper()
	var all []T
	for v, err := range values {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}

// readSample reads one of the sample files.
func readSample[T any](t testing.TB, name string, read func(f *os.File) iter.Seq2[T, error]) []T {
	t.Helper()
	f, err := os.Open(filepath.Join(samplePackets, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return collect(t, read(f))
}

func sampleDecisions(t testing.TB) []archive.Decision {
	return readSample(t, "promotion_decision_packet.csv", func(f *os.File) iter.Seq2[archive.Decision, error] { return archive.ReadDecisionsCSV(f) })
}

func sampleIncidents(t testing.TB) []archive.Incident {
	return readSample(t, "execution_events.jsonl", func(f *os.File) iter.Seq2[archive.Incident, error] { return archive.ReadIncidentsJSONL(f) })
}

// at is an archive whose clock the test sets.
type at struct {
	*archive.Archive
	now *time.Time
}

func withClock(t testing.TB, p *policy.Policy) at {
	now := noon
	return at{over(t, memworm.New(), archive.Config{
		Policy: p, Signer: newSigner(t), Operator: "release-ops/test", Clock: func() time.Time { return now },
	}), &now}
}

// log appends rows at a time.
func (a at) log(t testing.TB, when time.Time, rows ...exportlog.Row) int64 {
	t.Helper()
	*a.now = when
	for i := range rows {
		if rows[i].IdempotencyKey == "" {
			rows[i].IdempotencyKey = fmt.Sprint(rand.Uint64())
		}
	}
	appended, err := a.Log().Append(t.Context(), rows...)
	if err != nil {
		t.Fatal(err)
	}
	return appended[0].ExportRowID
}

// compare runs Coverage and checks what must hold of any result.
func (a at) compare(t testing.TB, in archive.CoverageInput) archive.CoverageReport {
	t.Helper()
	var report archive.CoverageReport
	summary, err := a.Coverage(t.Context(), in, &report)
	if err != nil {
		t.Fatal(err)
	}
	if summary.Total() != int64(len(report.Found)) || report.Total() != summary.Total() {
		t.Errorf("%d findings were reported and %d counted", len(report.Found), summary.Total())
	}
	return report
}

// kinds spells findings as "kind: what it is about", sorted.
func kinds(r archive.CoverageReport) []string {
	var all []string
	for _, f := range r.Found {
		about := cmp.Or(f.IncidentTicketID, f.RollbackEventID, f.PromotionPacketID)
		all = append(all, string(f.Kind)+": "+about)
	}
	slices.Sort(all)
	return all
}

func wantKinds(t testing.TB, r archive.CoverageReport, want ...string) {
	t.Helper()
	slices.Sort(want)
	if got := kinds(r); !slices.Equal(got, want) {
		t.Errorf("found:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// The sample register and events, exported with faults here and there: exactly those
// are found.
func TestCoverageFindsTheSeededFaults(t *testing.T) {
	a := withClock(t, policy.Default())
	register, decisions, incidents := sampleRegister(t), sampleDecisions(t), sampleIncidents(t)
	promotes := slices.DeleteFunc(slices.Clone(register), func(p archive.Packet) bool { return p.Header.PromotionDecision != "promote" })
	if len(decisions) != 60 || len(promotes) != 47 || len(incidents) != 8 {
		t.Fatalf("%d decisions, %d promotes, %d incidents in the samples", len(decisions), len(promotes), len(incidents))
	}
	exportAt := func(p archive.Packet, when time.Time) archive.Receipt {
		t.Helper()
		*a.now = when
		receipt, err := a.Export(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		return receipt
	}
	decidedAt := func(p archive.Packet, when time.Time) archive.Packet {
		return parse(t, fmt.Sprintf(`{"promotion_packet_id": %q, "promotion_decision": "promote", "promotion_decision_at_utc": %q}`,
			p.Header.PromotionPacketID, when.Format(time.RFC3339)))
	}

	var want []string
	for i, p := range promotes {
		id, decided := p.Header.PromotionPacketID, p.Header.PromotionDecisionAtUTC
		soon := decided.Add(10 * time.Minute)
		switch i {
		case 3, 17:
			want = append(want, "missing: "+id)
		case 5:
			want = append(want, "late: "+id)
			exportAt(p, decided.Add(49*time.Hour))
		case 8: // exported with the decision that was expected, which was taken later
			want = append(want, "early: "+id)
			exportAt(decidedAt(p, decided.Add(-2*time.Hour)), decided.Add(-time.Hour))
		case 11: // exported in time, with another time for the decision
			want = append(want, "exported under another decision: "+id)
			exportAt(decidedAt(p, decided.Add(-time.Minute)), soon)
		case 13:
			want = append(want, "reconstructed: "+id)
			a.log(t, noon, exportlog.Row{Kind: exportlog.KindExport, PromotionPacketID: id, PromotionDecision: "promote", PromotionDecisionAtUTC: decided,
				RetentionClass: retention.Standard, ExportedAtUTC: noon, ReconstructedBy: "release-ops/archivist", ReconstructedFrom: "the release ticket"})
		case 20: // no fault: a re-export later makes nothing late
			exportAt(p, soon)
			exportAt(decidedAt(p, decided), decided.Add(500*time.Hour))
		case 22: // no fault: the row was wrong, and was corrected
			row := exportAt(decidedAt(p, decided.Add(-3*time.Hour)), soon)
			a.log(t, noon, exportlog.Row{Kind: exportlog.KindCorrection, PromotionPacketID: id, CorrectionOfExportRowID: row.ExportRowID,
				PromotionDecisionAtUTC: decided, Reason: "the register has it otherwise"})
		default:
			exportAt(p, soon)
		}
	}
	exportAt(packet(t, "pp-nobody-decided"), noon.AddDate(0, 0, -1))
	held := decisions[slices.IndexFunc(decisions, func(d archive.Decision) bool { return d.PromotionDecision == "hold" })]
	a.log(t, held.PromotionDecisionAtUTC, exportlog.Row{Kind: exportlog.KindExport, PromotionPacketID: held.PromotionPacketID, PromotionDecision: "hold",
		PromotionDecisionAtUTC: held.PromotionDecisionAtUTC, ExportedAtUTC: held.PromotionDecisionAtUTC, RetentionClass: retention.Standard})
	for i, incident := range incidents {
		if i == 2 || i == 5 {
			want = append(want, "unlinked: "+cmp.Or(incident.IncidentTicketID, incident.RollbackEventID))
			continue
		}
		a.log(t, noon, exportlog.Row{Kind: exportlog.KindLink, PromotionPacketID: incident.PromotionPacketID, SubjectExportRowID: 1,
			IncidentTicketID: incident.IncidentTicketID, RollbackEventID: incident.RollbackEventID})
	}
	decisions = append(decisions, archive.Decision{PromotionPacketID: "pp-new-word", PromotionDecision: "canary", PromotionDecisionAtUTC: noon.AddDate(0, 0, -2)})
	want = append(want, "orphan: pp-nobody-decided", "against policy: "+held.PromotionPacketID, "unknown decision: pp-new-word")

	*a.now = noon
	report := a.compare(t, archive.CoverageInput{Decisions: each(decisions), Incidents: each(incidents)})
	wantKinds(t, report, want...)
	if report.ExitCode() != 1 || report.Decisions != 61 || report.Mandatory != 47 || report.InTime != 41 || report.Incidents != 8 || report.Linked != 6 || report.Due != 0 {
		t.Errorf("summary: %+v", report.CoverageSummary)
	}
	for _, f := range report.Found {
		if f.Kind == archive.CoverageLate && f.LateBySeconds != 25*3600 && f.LateBySeconds != 45*3600 {
			t.Errorf("%+v", f)
		}
	}

	// Whatever order the input is in, the result is the same.
	slices.Reverse(decisions)
	slices.Reverse(incidents)
	if again := a.compare(t, archive.CoverageInput{Decisions: each(slices.Concat(decisions, decisions)), Incidents: each(incidents)}); !slices.Equal(again.Found, report.Found) {
		t.Errorf("in another order, and twice, found:\n  %s", strings.Join(kinds(again), "\n  "))
	}
}
