package linkage_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/exportlog/telemetry"
	"github.com/holdfast-archive/holdfast/linkage"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// watched is the linker of an archive that reports all there is, with a promote in it.
func watched(t *testing.T) (*linkage.Linker, *tracetest.SpanRecorder, *metric.ManualReader) {
	t.Helper()
	spans, reader := tracetest.NewSpanRecorder(), metric.NewManualReader()
	signer, err := manifest.CreateKey(t.TempDir() + "/key")
	if err != nil {
		t.Fatal(err)
	}
	a := over(t, memworm.New(), archive.Config{
		Policy: everything(t), Signer: signer, Operator: "release-ops/pipeline-42", Checkpoints: logKey(t),
		Telemetry: telemetry.Config{
			TracerProvider: trace.NewTracerProvider(trace.WithSpanProcessor(spans)),
			MeterProvider:  metric.NewMeterProvider(metric.WithReader(reader)),
		},
	})
	if _, err := a.Export(t.Context(), folder(t, 0)); err != nil {
		t.Fatal(err)
	}
	spans.Reset()
	return linkage.New(a), spans, reader
}

// named returns the only span of a name.
func named(t *testing.T, spans *tracetest.SpanRecorder, name string) trace.ReadOnlySpan {
	t.Helper()
	all := slices.DeleteFunc(spans.Ended(), func(s trace.ReadOnlySpan) bool { return s.Name() != name })
	if len(all) != 1 {
		t.Fatalf("%d spans %q", len(all), name)
	}
	return all[0]
}

// attributes spells what a span says, without the namespace.
func attributes(s trace.ReadOnlySpan) string {
	var all []string
	for _, a := range s.Attributes() {
		all = append(all, strings.TrimPrefix(string(a.Key), "holdfast.")+"="+a.Value.String())
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// Whatever is done in an incident and after it is a span, which says what it is about,
// and a duration.
func TestLinkageIsWatched(t *testing.T) {
	l, spans, reader := watched(t)
	ctx := t.Context()
	if _, err := l.Bind(ctx, linkage.Divergence{ExportRowID: 1, IncidentTicketID: "INC-1", DivergenceSummary: "SECRET", LinkOwnerAck: ack}); err != nil {
		t.Fatal(err)
	}
	incident := exportlog.Query{IncidentTicketID: "INC-1"}
	if _, err := l.Locate(ctx, incident); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Prove(ctx, incident); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Lineage(ctx, linkage.Story{IncidentTicketID: "INC-1"}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Pack(ctx, 1, linkage.PackOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Figures(ctx, linkage.Scope{}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Deliver(ctx, source, &failing{}, cursorIn(t)); err != nil {
		t.Fatal(err)
	}
	free := strings.NewReader(`{"type":"incident","incident_ticket_id":"INC-9","at_utc":"2026-09-01T12:00:00Z"}`)
	for _, err := range l.Reconcile(ctx, linkage.ReadEvents(free)) {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"bind divergence":  "export_row_id=1 incident_ticket_id=INC-1",
		"locate export":    "incident_ticket_id=INC-1",
		"prove exports":    "incident_ticket_id=INC-1",
		"tell lineage":     "incident_ticket_id=INC-1",
		"pack evidence":    "export_row_id=1",
		"count figures":    "",
		"deliver events":   "event.count=2",
		"reconcile events": "finding.count=1",
	} {
		s := named(t, spans, name)
		if got := attributes(s); got != want || s.Status().Code != codes.Unset {
			t.Errorf("%s: %q, want %q; %v", name, got, want, s.Status())
		}
	}
	if confirm := named(t, spans, "confirm export"); confirm.Parent().SpanID() != named(t, spans, "prove exports").SpanContext().SpanID() {
		t.Error("the export is not confirmed below its proof")
	}
	for _, s := range spans.Ended() {
		if strings.Contains(attributes(s), "SECRET") {
			t.Errorf("%s tells what the link says", s.Name())
		}
	}
	timed := durations(t, reader)
	for _, name := range []string{"bind divergence", "locate export", "prove exports", "tell lineage", "pack evidence", "count figures", "deliver events", "reconcile events"} {
		if timed[name] != 1 {
			t.Errorf("%s was timed %d times", name, timed[name])
		}
	}
}

// durations counts what was timed, by the operation and its error.
func durations(t *testing.T, reader *metric.ManualReader) map[string]uint64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	timed := map[string]uint64{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			if m.Name != "holdfast.operation.duration" {
				continue
			}
			for _, p := range m.Data.(metricdata.Histogram[float64]).DataPoints {
				name, _ := p.Attributes.Value("holdfast.operation.name")
				failed, _ := p.Attributes.Value("error.type")
				timed[strings.TrimSpace(name.AsString()+" "+failed.AsString())] += p.Count
			}
		}
	}
	return timed
}

// Each step of a rehearsal is a span below it.
func TestRehearsalIsWatched(t *testing.T) {
	l, spans, _ := watched(t)
	r, err := l.Rehearse(t.Context(), linkage.Drill{})
	if err != nil {
		t.Fatal(err)
	}
	above := named(t, spans, "rehearse incident").SpanContext().SpanID()
	for _, step := range r.Steps {
		if named(t, spans, step.Name).Parent().SpanID() != above {
			t.Errorf("%q is not below the rehearsal", step.Name)
		}
	}
	if len(r.Steps) == 0 {
		t.Error("there are no steps")
	}
}

// What fails says so, with an error.type that is one of few.
func TestFailingLinkageIsWatched(t *testing.T) {
	l, spans, reader := watched(t)
	if _, err := l.Locate(t.Context(), exportlog.Query{IncidentTicketID: "INC-404"}); !errors.Is(err, linkage.ErrNotLocated) {
		t.Fatal(err)
	}
	if _, err := l.Lineage(t.Context(), linkage.Story{}); !errors.Is(err, linkage.ErrBadStory) {
		t.Fatal(err)
	}
	for range l.Reconcile(t.Context(), linkage.EventFile(os.DevNull)()) {
		t.Error("an empty file has an event")
	}
	for name, want := range map[string]string{"locate export": "no such export", "tell lineage": "bad story"} {
		if s := named(t, spans, name); s.Status().Code != codes.Error || !strings.Contains(attributes(s), "error.type="+want) {
			t.Errorf("%s: %v, %s", name, s.Status(), attributes(s))
		}
	}
	if timed := durations(t, reader); timed["locate export no such export"] != 1 || timed["reconcile events"] != 1 {
		t.Errorf("timed %v", timed)
	}
}
