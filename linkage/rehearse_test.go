package linkage_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/linkage"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
)

// A rehearsal reports each step against the SLA and leaves no trace.
func TestRehearse(t *testing.T) {
	a, b := exported(t)
	if err := a.Log().Seal(t.Context()); err != nil { // no more index entries on their way
		t.Fatal(err)
	}
	before := objects(t, b)
	r, err := linkage.New(a).Rehearse(t.Context(), linkage.Drill{PromotionPacketID: payments, SLA: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	var sum time.Duration
	var names []string
	for _, s := range r.Steps {
		sum += s.Took
		names = append(names, s.Name)
		if s.Took < 0 || s.Detail == "" {
			t.Errorf("step %+v", s)
		}
	}
	if want := []string{"open the log", "locate the export", "retrieve it by archive_uri", "confirm content_integrity_reference", "bind a mock incident"}; !slices.Equal(names, want) {
		t.Errorf("steps %q, want %q", names, want)
	}
	if r.Total != sum || r.SLA != time.Minute || r.WithinSLA() != (sum <= time.Minute) {
		t.Errorf("total %s of %s, steps come to %s", r.Total, r.SLA, sum)
	}
	if r.Export.PromotionPacketID != payments || r.Link.SubjectExportRowID != r.Export.ExportRowID || r.Link.Kind != exportlog.KindLink {
		t.Errorf("export %+v, link %+v", r.Export, r.Link)
	}
	if after := objects(t, b); after != before {
		t.Errorf("the bucket had %d objects, and has %d", before, after)
	}
	if (linkage.Rehearsal{Total: 2, SLA: 1}).WithinSLA() {
		t.Error("twice the SLA is within it")
	}
}

// What is chosen at random is chosen again by the seed that the report has; and the
// first regulated promote is the oldest.
func TestRehearseChooses(t *testing.T) {
	a, _ := exported(t)
	l := linkage.New(a)
	first, err := l.Rehearse(t.Context(), linkage.Drill{})
	if err != nil || first.Chosen != linkage.Random || first.Seed == 0 || first.Export.PromotionDecision != "promote" {
		t.Fatalf("%s of row %d: %v", first.Chosen, first.Export.ExportRowID, err)
	}
	again, err := l.Rehearse(t.Context(), linkage.Drill{Seed: first.Seed})
	if err != nil || again.Export.ExportRowID != first.Export.ExportRowID || !strings.Contains(again.Markdown(), fmt.Sprint(first.Seed)) {
		t.Errorf("seed %d chose row %d, and then %d: %v", first.Seed, first.Export.ExportRowID, again.Export.ExportRowID, err)
	}
	chosen := map[int64]bool{}
	for seed := range uint64(20) {
		r, err := l.Rehearse(t.Context(), linkage.Drill{Seed: seed + 1})
		if err != nil {
			t.Fatal(err)
		}
		chosen[r.Export.ExportRowID] = true
	}
	if len(chosen) < 8 {
		t.Errorf("20 seeds chose %d promotes", len(chosen))
	}
	if _, err := l.Rehearse(t.Context(), linkage.Drill{Choose: linkage.OldestRegulated}); !errors.Is(err, linkage.ErrNotLocated) {
		t.Errorf("of a log without any: %v", err)
	}
	if _, err := l.Rehearse(t.Context(), linkage.Drill{Choose: "youngest"}); !errors.Is(err, linkage.ErrBadDivergence) {
		t.Errorf("chosen otherwise: %v", err)
	}
}

// The scenario is the seed's: deployed two hours after the decision, and nothing in it
// can be taken for real.
func TestRehearseSupposes(t *testing.T) {
	a, _ := exported(t)
	r, err := linkage.New(a).Rehearse(t.Context(), linkage.Drill{PromotionPacketID: payments})
	if err != nil || len(r.Scenario) != 3 {
		t.Fatalf("%+v, %v", r.Scenario, err)
	}
	if !r.Scenario[0].AtUTC.Equal(r.Export.PromotionDecisionAtUTC.Add(2 * time.Hour)) {
		t.Errorf("deployed at %s, decided %s", r.Scenario[0].AtUTC, r.Export.PromotionDecisionAtUTC)
	}
	for _, id := range []string{r.DrillID, r.Scenario[0].DeployID, r.Link.IncidentTicketID, r.Link.RollbackEventID} {
		if !strings.HasPrefix(id, linkage.DrillPrefix) {
			t.Errorf("%q could be taken for real", id)
		}
	}
	for _, what := range []string{"log", "manifest", "signer", "lock", "bytes", "anchor"} {
		if !slices.ContainsFunc(r.Checks, func(c archive.Check) bool { return c.What == what && c.OK }) {
			t.Errorf("nothing says that %s was checked: %v", what, r.Checks)
		}
	}
}

// A drill that is recorded is a row about the export, and neither a link nor something
// that is not understood; who may not acknowledge may not record.
func TestRehearseRecords(t *testing.T) {
	a, _ := exported(t)
	l := linkage.New(a)
	if _, err := l.Rehearse(t.Context(), linkage.Drill{PromotionPacketID: payments, Record: true, By: linkage.Ack{Role: "intern", Name: "x"}}); !errors.Is(err, linkage.ErrNotAcknowledged) {
		t.Errorf("recorded by an intern: %v", err)
	}
	r, err := l.Rehearse(t.Context(), linkage.Drill{PromotionPacketID: payments, Record: true, By: ack})
	if err != nil || r.Recorded != 61 {
		t.Fatalf("row %d, %v", r.Recorded, err)
	}
	rows, err := a.Log().Find(t.Context(), exportlog.Query{IncidentTicketID: r.DrillID})
	if err != nil || len(rows) != 1 || rows[0].Kind != exportlog.KindDrill || rows[0].SubjectExportRowID != r.Export.ExportRowID || !strings.Contains(rows[0].Reason, "within the SLA") || rows[0].ExportOperatorAck != "incident-commander/on-call lead" {
		t.Errorf("rows %+v, %v", rows, err)
	}
	current, err := a.Log().CurrentOf(t.Context(), r.Export.ExportRowID)
	if err != nil || len(current.Links)+len(current.NotUnderstood)+len(current.Changes) != 0 {
		t.Errorf("current %+v, %v", current, err)
	}
	if _, err := l.Locate(t.Context(), exportlog.Query{IncidentTicketID: r.DrillID}); !errors.Is(err, linkage.ErrNotLocated) {
		t.Errorf("a drill leads to an export as if it were an incident: %v", err)
	}
	if _, err := a.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

// A report says the same to programs and to people.
func TestReport(t *testing.T) {
	step := linkage.Step{Name: "retrieve", Took: 3 * time.Second, Detail: "852 | bytes", Usage: worm.Usage{Requests: 5, RoundTrips: 4, Waited: 160 * time.Millisecond, Bytes: 300 << 20}}
	r := linkage.Rehearsal{DrillID: "DRILL-1", Steps: []linkage.Step{step, {Name: "confirm", Took: time.Second, Usage: worm.Usage{Requests: 5, RoundTrips: 4, Waited: 900 * time.Millisecond}}}, Total: 4 * time.Second, RoundTrips: 8, SLA: 2 * time.Second, Chosen: linkage.Given}
	if fixes := r.Fixes(); r.ExitStatus() != 1 || len(fixes) != 1 || !strings.Contains(fixes[0], "314.6 MB") || !strings.Contains(fixes[0], "bandwidth") {
		t.Errorf("a step that reads much: %q", fixes)
	}
	b, err := r.JSON()
	var got struct {
		Verdict string
		Exit    int     `json:"exit_status"`
		Total   float64 `json:"total_ms"`
		Trips   int     `json:"round_trips"`
		Steps   []struct {
			Took    float64 `json:"took_ms"`
			Latency float64 `json:"latency_ms"`
		}
	}
	if err != nil || json.Unmarshal(b, &got) != nil || got.Verdict != r.Verdict() || got.Exit != 1 || got.Total != 4000 || got.Trips != 8 || got.Steps[0].Took != 3000 || got.Steps[0].Latency != 40 {
		t.Errorf("%+v, %v from %s", got, err, b)
	}
	page := r.Markdown()
	for _, want := range []string{"the SLA is missed: 4s, and 2s are allowed", `| retrieve | 3s | 4 | 5 | 40ms | 314572800 | 852 \| bytes |`, "bandwidth"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q:\n%s", want, page)
		}
	}
	r.Steps[0].Bytes = 10
	if fixes := r.Fixes(); !strings.Contains(fixes[0], "the machine is slow or busy") {
		t.Errorf("a step that neither waits nor reads: %q", fixes)
	}
	r.Steps = r.Steps[1:]
	if fixes := r.Fixes(); len(fixes) != 2 || !strings.Contains(fixes[0], "4 round trips of 225ms") {
		t.Errorf("a step that waits: %q", fixes)
	}
}

func objects(t *testing.T, b *memworm.Bucket) (n int) {
	t.Helper()
	for _, err := range b.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// A rehearsal over harmed evidence fails at the step that sees it.
func TestRehearseOverHarm(t *testing.T) {
	for name, c := range map[string]struct {
		harm func(b *memworm.Bucket, r exportlog.Row) error
		step string
		done int
	}{
		"packet edited": {func(b *memworm.Bucket, r exportlog.Row) error { return b.Tamper(documentOf(r), []byte("x")) }, "retrieve", 2},
		"manifest lost": {func(b *memworm.Bucket, r exportlog.Row) error {
			return b.Drop("manifests/" + r.ExportBatchID + "/" + strings.TrimPrefix(r.ContentIntegrityReference, "sha256:") + ".sigstore.json")
		}, "retrieve", 2},
		"packet hidden": {func(b *memworm.Bucket, r exportlog.Row) error { b.Hide(documentOf(r)); return nil }, "confirm", 3},
	} {
		a, b := exported(t)
		linker := linkage.New(a)
		located, err := linker.Locate(t.Context(), exportlog.Query{PromotionPacketID: payments})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.harm(b, located.Export); err != nil {
			t.Fatal(err)
		}
		r, err := linker.Rehearse(t.Context(), linkage.Drill{PromotionPacketID: payments})
		if err == nil || !strings.Contains(err.Error(), c.step) || len(r.Steps) != c.done {
			t.Errorf("%s: %v after %d steps", name, err, len(r.Steps))
		}
		if r.WithinSLA() || r.ExitStatus() != 2 || !strings.Contains(r.Verdict(), c.step) || len(r.Fixes()) != 1 || !strings.Contains(r.Markdown(), "failed") {
			t.Errorf("%s: the report says %q, to be fixed by %q", name, r.Verdict(), r.Fixes())
		}
	}
}

func documentOf(r exportlog.Row) string {
	return fmt.Sprintf("packets/%s/%s/packet.csv", r.PromotionPacketID, r.PacketSHA256)
}

// A log damaged in one place still leads to what is intact, and says so.
func TestLocateInADamagedLog(t *testing.T) {
	a, b := exported(t)
	linker := linkage.New(a)
	if _, err := linker.Bind(t.Context(), divergence()); err != nil {
		t.Fatal(err)
	}
	d := divergence()
	d.IncidentTicketID, d.RollbackEventID = "INC-2", ""
	if _, err := linker.Bind(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if err := b.Tamper("log/commits/000/000/000/002.jsonl", []byte("{}\n")); err != nil {
		t.Fatal(err)
	}
	store := wormtest.Store(t, b)
	fresh, err := archive.OpenStore(store, archive.Config{})
	if err != nil {
		t.Fatal(err)
	}
	located, err := linkage.New(fresh).Locate(t.Context(), exportlog.Query{IncidentTicketID: "INC-2"})
	if err != nil || located.Export.PromotionPacketID != payments || !errors.Is(located.Damage, exportlog.ErrDamaged) {
		t.Errorf("located %+v, %v", located, err)
	}
	if _, err := linkage.New(fresh).Bind(t.Context(), divergence()); !errors.Is(err, exportlog.ErrDamaged) {
		t.Errorf("bound in a damaged log: %v", err)
	}
}
