package linkage

import (
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// Step is one part of a rehearsal.
type Step struct {
	Name       string
	Took       time.Duration
	worm.Usage // what it asked of the bucket
	Detail     string
}

// Rehearsal is the report of a drill.
type Rehearsal struct {
	DrillID      string // begins with DrillPrefix
	StartedAtUTC time.Time
	Chosen       Choice
	Seed         uint64        // when chosen at random: the same seed over the same log chooses the same
	Choosing     time.Duration // not part of Total
	Export       exportlog.Row
	Scenario     []Event       // what is supposed to have happened
	Link         exportlog.Row // in the scratch log only

	Steps      []Step // those that were completed, in order
	Total      time.Duration
	RoundTrips int             // one after the other, in all steps
	Checks     []archive.Check // what confirming looked at
	SLA        time.Duration
	Failed     string // the step that failed, and how; empty for none
	Recorded   int64  // the drill row in the real log; 0 for none
}

// WithinSLA reports whether every step succeeded, and all together took no longer
// than allowed.
func (r Rehearsal) WithinSLA() bool { return r.Failed == "" && r.Total <= r.SLA }

// ExitStatus is for a scheduled job: 0 within the SLA, 1 for too slow, 2 for a step that
// failed.
func (r Rehearsal) ExitStatus() int {
	switch {
	case r.Failed != "":
		return 2
	case !r.WithinSLA():
		return 1
	}
	return 0
}

// Verdict says in one sentence how it went.
func (r Rehearsal) Verdict() string {
	switch {
	case r.Failed != "":
		return fmt.Sprintf("failed after %s: %s", rounded(r.Total), r.Failed)
	case r.WithinSLA():
		return fmt.Sprintf("within the SLA: %s of %s, in %d round trips", rounded(r.Total), r.SLA, r.RoundTrips)
	}
	return fmt.Sprintf("the SLA is missed: %s, and %s are allowed; %s took most", rounded(r.Total), r.SLA, r.slowest().Name)
}

// Fixes says what to change where the SLA was missed; nothing where it was met.
func (r Rehearsal) Fixes() []string {
	if r.Failed != "" {
		return []string{"see to the step that failed; the way to the evidence is broken there: " + r.Failed}
	}
	if r.WithinSLA() {
		return nil
	}
	s := r.slowest()
	if s.Name == "" {
		return nil
	}
	fixes := []string{fmt.Sprintf("%s took %s of %s: %s", s.Name, rounded(s.Took), rounded(r.Total), s.why())}
	if over := r.Total - r.SLA; s.Took < over {
		fixes = append(fixes, fmt.Sprintf("that step alone does not do it: %s are to be saved; the other steps' times are listed", rounded(over)))
	}
	return fixes
}

func (r Rehearsal) slowest() (slowest Step) {
	for _, s := range r.Steps {
		if s.Took > slowest.Took {
			slowest = s
		}
	}
	return slowest
}

// manyBytes is what takes a while over any network.
const manyBytes = 1 << 20

// why says where a step's time went, and what helps.
func (s Step) why() string {
	waiting := s.Waited
	switch {
	case waiting >= s.Took/2:
		return fmt.Sprintf("%d round trips of %s, one after the other, are %s of it; run it nearer to the bucket, or find out why a request takes so long",
			s.RoundTrips, rounded(s.Latency()), rounded(waiting))
	case s.Bytes >= manyBytes:
		return fmt.Sprintf("waiting for %d round trips of %s is %s of it, and the rest went into %.1f MB: give it more bandwidth, or keep large exhibits small",
			s.RoundTrips, rounded(s.Latency()), rounded(waiting), float64(s.Bytes)/1e6)
	}
	return fmt.Sprintf("the bucket was waited for during %s of it (%d round trips of %s, %d bytes), so the machine is slow or busy: run it on one that is not",
		rounded(waiting), s.RoundTrips, rounded(s.Latency()), s.Bytes)
}

// rounded is a time as people read it.
func rounded(d time.Duration) time.Duration {
	switch {
	case d >= 10*time.Second:
		return d.Round(100 * time.Millisecond)
	case d >= 100*time.Millisecond:
		return d.Round(time.Millisecond)
	}
	return d.Round(10 * time.Microsecond)
}

// reportJSON and stepJSON are the report as JSON has it; times in milliseconds.
type reportJSON struct {
	DrillID                   string     `json:"drill_id"`
	StartedAtUTC              time.Time  `json:"started_at_utc"`
	Verdict                   string     `json:"verdict"`
	WithinSLA                 bool       `json:"within_sla"`
	ExitStatus                int        `json:"exit_status"`
	Failed                    string     `json:"failed,omitzero"`
	Fixes                     []string   `json:"fixes,omitzero"`
	TotalMS                   float64    `json:"total_ms"`
	SLAMS                     float64    `json:"sla_ms"`
	RoundTrips                int        `json:"round_trips"`
	Chosen                    Choice     `json:"chosen"`
	Seed                      uint64     `json:"seed,omitzero"`
	ChoosingMS                float64    `json:"choosing_ms"`
	PromotionPacketID         string     `json:"promotion_packet_id"`
	ExportRowID               int64      `json:"export_row_id"`
	ArchiveURI                string     `json:"archive_uri"`
	ContentIntegrityReference string     `json:"content_integrity_reference"`
	RecordedExportRowID       int64      `json:"recorded_export_row_id,omitzero"`
	Steps                     []stepJSON `json:"steps"`
	Checks                    []string   `json:"checks,omitzero"`
}

type stepJSON struct {
	Name       string  `json:"name"`
	TookMS     float64 `json:"took_ms"`
	RoundTrips int     `json:"round_trips"`
	Requests   int     `json:"requests"`
	LatencyMS  float64 `json:"latency_ms"`
	Bytes      int64   `json:"bytes"`
	Detail     string  `json:"detail"`
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// JSON returns the report for programs, indented.
func (r Rehearsal) JSON() ([]byte, error) {
	out := reportJSON{
		DrillID: r.DrillID, StartedAtUTC: r.StartedAtUTC, Verdict: r.Verdict(), WithinSLA: r.WithinSLA(), ExitStatus: r.ExitStatus(),
		Failed: r.Failed, Fixes: r.Fixes(), TotalMS: milliseconds(r.Total), SLAMS: milliseconds(r.SLA), RoundTrips: r.RoundTrips,
		Chosen: r.Chosen, Seed: r.Seed, ChoosingMS: milliseconds(r.Choosing),
		PromotionPacketID: r.Export.PromotionPacketID, ExportRowID: r.Export.ExportRowID, ArchiveURI: r.Export.ArchiveURI,
		ContentIntegrityReference: r.Export.ContentIntegrityReference, RecordedExportRowID: r.Recorded,
		Steps: []stepJSON{},
	}
	for _, s := range r.Steps {
		out.Steps = append(out.Steps, stepJSON{s.Name, milliseconds(s.Took), s.RoundTrips, s.Requests, milliseconds(s.Latency()), s.Bytes, s.Detail})
	}
	for _, c := range r.Checks {
		out.Checks = append(out.Checks, c.String())
	}
	b, err := json.Marshal(out, jsontext.WithIndent("  "))
	if err != nil {
		return nil, fmt.Errorf("linkage: report: %w", err)
	}
	return append(b, '\n'), nil
}

// Markdown returns the report for people.
func (r Rehearsal) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Rollback drill %s\n\n**%s**\n\n", r.DrillID, cell(r.Verdict()))
	for _, fix := range r.Fixes() {
		fmt.Fprintf(&b, "- %s\n", cell(fix))
	}
	if len(r.Fixes()) > 0 {
		b.WriteByte('\n')
	}
	chosen := string(r.Chosen)
	if r.Chosen == Random {
		chosen += fmt.Sprintf(", seed %d", r.Seed)
	}
	fmt.Fprintf(&b, "A rehearsal: nothing was deployed, and nothing went wrong. Promotion `%s` (export_row_id %d, chosen: %s), decided %s, is supposed to have gone wrong two hours later.\n\n",
		cell(r.Export.PromotionPacketID), r.Export.ExportRowID, chosen, r.Export.PromotionDecisionAtUTC.Format(time.RFC3339))
	b.WriteString("| step | took | round trips | requests | a round trip | bytes | |\n|---|---|---|---|---|---|---|\n")
	for _, s := range r.Steps {
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %s | %d | %s |\n", s.Name, rounded(s.Took), s.RoundTrips, s.Requests, rounded(s.Latency()), s.Bytes, cell(s.Detail))
	}
	fmt.Fprintf(&b, "| **total** | **%s** of %s | %d | | | | |\n", rounded(r.Total), r.SLA, r.RoundTrips)
	if len(r.Checks) > 0 {
		b.WriteString("\nConfirmed:\n\n")
	}
	for _, c := range r.Checks {
		fmt.Fprintf(&b, "- %s\n", cell(c.String()))
	}
	if r.Recorded != 0 {
		fmt.Fprintf(&b, "\nRecorded as drill row %d.\n", r.Recorded)
	}
	return b.String()
}

// cell keeps text from being taken for Markdown's own marks.
func cell(text string) string {
	return strings.NewReplacer("|", "\\|", "\n", " ", "\r", " ", "`", "'", "<", "&lt;").Replace(text)
}
