package archive_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/exportlog/telemetry"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// seen is all that was reported.
type seen struct {
	spans  *tracetest.SpanRecorder
	tracer *trace.TracerProvider
	reader *metric.ManualReader
	log    bytes.Buffer
}

// watched is a configuration that reports all there is.
func watched(t *testing.T, cfg *archive.Config) *seen {
	s := &seen{spans: tracetest.NewSpanRecorder(), reader: metric.NewManualReader()}
	s.tracer = trace.NewTracerProvider(trace.WithSpanProcessor(s.spans))
	cfg.Telemetry = telemetry.Config{
		Logger:         slog.New(slog.NewJSONHandler(&s.log, nil)),
		TracerProvider: s.tracer,
		MeterProvider:  metric.NewMeterProvider(metric.WithReader(s.reader)),
	}
	return s
}

// span returns the only span of a name.
func (s *seen) span(t *testing.T, name string) trace.ReadOnlySpan {
	t.Helper()
	var found []trace.ReadOnlySpan
	for _, span := range s.spans.Ended() {
		if span.Name() == name {
			found = append(found, span)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d spans %q", len(found), name)
	}
	return found[0]
}

func (s *seen) names() []string {
	var names []string
	for _, span := range s.spans.Ended() {
		names = append(names, span.Name())
	}
	slices.Sort(names)
	return names
}

func (s *seen) metrics(t *testing.T) map[string]metricdata.Metrics {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := s.reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	byName := map[string]metricdata.Metrics{}
	for _, scope := range all.ScopeMetrics {
		if scope.Scope.Name != telemetry.Scope {
			t.Errorf("scope %q", scope.Scope.Name)
		}
		for _, m := range scope.Metrics {
			byName[m.Name] = m
		}
	}
	return byName
}

func attr(span trace.ReadOnlySpan, key string) string {
	for _, a := range span.Attributes() {
		if string(a.Key) == key {
			return a.Value.String()
		}
	}
	return ""
}

// Each stage of an export is a span under the caller's, the index that is derived from
// it is one that is linked to it, and what a packet says is nowhere.
func TestStagesAreWatched(t *testing.T) {
	cfg := config(t)
	s := watched(t, &cfg)
	a := over(t, memworm.New(), cfg)
	ctx, caller := s.tracer.Tracer("a deploy tool").Start(t.Context(), "deploy")
	receipt, err := a.Export(ctx, parse(t, `{"promotion_packet_id": "pp-1", "promotion_decision": "promote", "promotion_decision_at_utc": "2026-09-01T11:00:00Z", "note": "TOP-SECRET"}`))
	if err != nil {
		t.Fatal(err)
	}
	caller.End()
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	want := []string{"append rows", "classify packets", "commit rows", "deploy", "derive index", "export packets", "sign manifest", "store packets"}
	if got := s.names(); !slices.Equal(got, want) {
		t.Fatalf("spans %q, want %q", got, want)
	}
	for child, parent := range map[string]string{
		"export packets": "deploy", "classify packets": "export packets", "store packets": "export packets", "sign manifest": "export packets",
		"append rows": "export packets", "commit rows": "append rows",
	} {
		if s.span(t, child).Parent().SpanID() != s.span(t, parent).SpanContext().SpanID() {
			t.Errorf("%q is not below %q", child, parent)
		}
		if status := s.span(t, child).Status(); status.Code != codes.Unset {
			t.Errorf("%q: %v", child, status)
		}
	}
	derive := s.span(t, "derive index")
	if derive.Parent().IsValid() || len(derive.Links()) != 1 || derive.Links()[0].SpanContext.SpanID() != s.span(t, "append rows").SpanContext().SpanID() {
		t.Errorf("derive index: parent %v, links %v", derive.Parent(), derive.Links())
	}
	export := s.span(t, "export packets")
	if attr(export, "holdfast.promotion_packet_id") != "pp-1" || attr(export, "holdfast.export_row_id") != "1" || attr(export, "holdfast.export_batch_id") != receipt.ExportBatchID || attr(export, "holdfast.already_exported") != "false" {
		t.Errorf("attributes %v", export.Attributes())
	}
	for _, span := range s.spans.Ended() {
		for _, a := range span.Attributes() {
			if strings.Contains(a.Value.String(), "TOP-SECRET") {
				t.Errorf("%s tells what the packet says: %v", span.Name(), a)
			}
		}
	}
	if log := s.log.String(); strings.Count(log, "\n") != 1 || !strings.Contains(log, `"msg":"exported","export_row_id":1,"promotion_packet_id":"pp-1"`) || strings.Contains(log, "TOP-SECRET") {
		t.Errorf("log: %s", log)
	}
}

// Metrics have names, units and few attributes: no id is among them.
func TestMetricsAreWatched(t *testing.T) {
	cfg := config(t)
	s := watched(t, &cfg)
	a := over(t, memworm.New(), cfg)
	for range 2 {
		if _, err := a.Export(t.Context(), packet(t, "pp-1")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.Confirm(t.Context(), exportlog.Row{Kind: exportlog.KindExport, ExportRowID: 1, PromotionPacketID: "pp-1"}); !errors.Is(err, archive.ErrNotConfirmed) {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	got := s.metrics(t)
	for name, unit := range map[string]string{
		"holdfast.operation.duration": "s", "holdfast.export.packets": "{packet}", "holdfast.export.delay": "s", "holdfast.export.size": "By",
		"holdfast.log.rows": "{row}", "holdfast.findings": "{finding}",
	} {
		if got[name].Unit != unit || got[name].Description == "" {
			t.Errorf("%s: unit %q, want %q; description %q", name, got[name].Unit, unit, got[name].Description)
		}
	}
	outcomes := map[string]int64{}
	for _, p := range got["holdfast.export.packets"].Data.(metricdata.Sum[int64]).DataPoints {
		outcome, _ := p.Attributes.Value("holdfast.export.outcome")
		class, _ := p.Attributes.Value("holdfast.retention_class")
		outcomes[outcome.AsString()+" "+class.AsString()] += p.Value
	}
	if len(outcomes) != 2 || outcomes["exported standard"] != 1 || outcomes["already_exported standard"] != 1 {
		t.Errorf("outcomes %v", outcomes)
	}
	operations := map[string]uint64{}
	for _, p := range got["holdfast.operation.duration"].Data.(metricdata.Histogram[float64]).DataPoints {
		name, _ := p.Attributes.Value("holdfast.operation.name")
		failed, _ := p.Attributes.Value("error.type")
		operations[strings.TrimSpace(name.AsString()+" "+failed.AsString())] += p.Count
		for _, a := range p.Attributes.ToSlice() {
			if a.Key != "holdfast.operation.name" && a.Key != "error.type" {
				t.Errorf("a metric has the attribute %s", a.Key)
			}
		}
	}
	if operations["export packets"] != 2 || operations["store packets"] != 1 || operations["derive index"] != 1 || operations["confirm export not confirmed"] != 1 {
		t.Errorf("operations %v", operations)
	}
	delay := got["holdfast.export.delay"].Data.(metricdata.Histogram[float64]).DataPoints
	if decided := packet(t, "pp-1").Header.PromotionDecisionAtUTC; len(delay) != 1 || delay[0].Sum != noon.Sub(decided).Seconds() {
		t.Errorf("delay %v", delay)
	}
	if log := s.log.String(); !strings.Contains(log, "evidence is not what it was") {
		t.Errorf("log: %s", log)
	}
}

// deafBucket answers no write.
type deafBucket struct{ *memworm.Bucket }

func (b deafBucket) Create(ctx context.Context, _ worm.Creation) (worm.Ref, error) {
	return worm.Ref{}, worm.ErrUnavailable
}

// The stage that fails says so, and so does the export; those that did not fail do not.
func TestFailingStageIsWatched(t *testing.T) {
	cfg := config(t)
	s := watched(t, &cfg)
	a := over(t, deafBucket{memworm.New()}, cfg)
	if _, err := a.Export(t.Context(), packet(t, "pp-1")); !errors.Is(err, worm.ErrUnavailable) {
		t.Fatal(err)
	}
	for _, name := range []string{"store packets", "export packets"} {
		if span := s.span(t, name); span.Status().Code != codes.Error || span.Status().Description == "" || attr(span, "error.type") != "unavailable" {
			t.Errorf("%s: %v, %v", name, span.Status(), span.Attributes())
		}
	}
	if s.span(t, "classify packets").Status().Code != codes.Unset {
		t.Error("the stage before failed as well")
	}
	p := s.metrics(t)["holdfast.export.packets"].Data.(metricdata.Sum[int64]).DataPoints
	if len(p) != 1 || p[0].Attributes != attribute.NewSet(attribute.String("holdfast.export.outcome", "failed")) {
		t.Errorf("counted %v", p)
	}
}

// Without a provider nothing is reported, not even to the caller's own span.
func TestNothingIsWatchedUnasked(t *testing.T) {
	spans := tracetest.NewSpanRecorder()
	ctx, caller := trace.NewTracerProvider(trace.WithSpanProcessor(spans)).Tracer("a deploy tool").Start(t.Context(), "deploy")
	a := over(t, memworm.New(), config(t))
	if _, err := a.Export(ctx, packet(t, "pp-1")); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	caller.End()
	if got := spans.Ended(); len(got) != 1 || len(got[0].Attributes()) != 0 || len(got[0].Events()) != 0 {
		t.Errorf("%d spans", len(got))
	}
}

// What waits in the spool is counted, and a warning says where and why.
func TestPendingIsWatched(t *testing.T) {
	cfg := config(t)
	s := watched(t, &cfg)
	cfg.Spool = archive.Spool{Dir: t.TempDir() + "/spool"}
	a := over(t, deafBucket{memworm.New()}, cfg)
	if _, err := a.Export(t.Context(), packet(t, "pp-1")); !errors.Is(err, archive.ErrPending) {
		t.Fatal(err)
	}
	if span := s.span(t, "export packets"); attr(span, "holdfast.export.outcome") != "pending" || attr(span, "error.type") != "pending, NOT exported" {
		t.Errorf("attributes %v", span.Attributes())
	}
	if log := s.log.String(); !strings.Contains(log, `"level":"WARN","msg":"pending, NOT exported","promotion_packet_id":"pp-1"`) {
		t.Errorf("log: %s", log)
	}
}

// conflictingBucket is in somebody else's way once.
type conflictingBucket struct {
	*memworm.Bucket
	once sync.Once
}

func (b *conflictingBucket) Create(ctx context.Context, in worm.Creation) (ref worm.Ref, err error) {
	b.once.Do(func() { err = worm.ErrConflict })
	if err != nil {
		return worm.Ref{}, err
	}
	return b.Bucket.Create(ctx, in)
}

// What is done again is a warning, an event and a count; the export has not failed.
func TestRetriesAreWatched(t *testing.T) {
	cfg := config(t)
	s := watched(t, &cfg)
	a := over(t, &conflictingBucket{Bucket: memworm.New()}, cfg)
	if _, err := a.Export(t.Context(), packet(t, "pp-1")); err != nil {
		t.Fatal(err)
	}
	store := s.span(t, "store packets")
	if len(store.Events()) != 1 || store.Events()[0].Name != "holdfast.retry" || store.Status().Code != codes.Unset {
		t.Errorf("events %v, %v", store.Events(), store.Status())
	}
	p := s.metrics(t)["holdfast.retries"].Data.(metricdata.Sum[int64]).DataPoints
	want := attribute.NewSet(attribute.String("holdfast.operation.name", "put object"), attribute.String("error.type", "conflict with another writer"))
	if len(p) != 1 || p[0].Value != 1 || !p[0].Attributes.Equals(&want) {
		t.Errorf("counted %v", p)
	}
	if log := s.log.String(); !strings.Contains(log, `"level":"WARN","msg":"again: put object"`) {
		t.Errorf("log: %s", log)
	}
}
