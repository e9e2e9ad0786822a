package archive_test

import (
	"errors"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
)

// gauge returns the values of a gauge by its only attribute, or by "".
func gauge(t *testing.T, m metricdata.Metrics) map[string]int64 {
	t.Helper()
	values := map[string]int64{}
	for _, p := range m.Data.(metricdata.Gauge[int64]).DataPoints {
		by := ""
		for _, a := range p.Attributes.ToSlice() {
			by += a.Value.AsString()
		}
		values[by] = p.Value
	}
	return values
}

// What is missing is measured by its kind, and no more when it has been exported.
func TestCoverageIsWatched(t *testing.T) {
	cfg := config(t)
	s := watched(t, &cfg)
	a := over(t, memworm.New(), cfg)
	taken := packet(t, "pp-1").Header
	decision := archive.Decision{PromotionPacketID: "pp-1", PromotionDecision: taken.PromotionDecision, PromotionDecisionAtUTC: taken.PromotionDecisionAtUTC.AddDate(0, 0, -9)}
	in := archive.CoverageInput{Decisions: each([]archive.Decision{decision})}
	if _, err := a.Coverage(t.Context(), in, nil); err != nil {
		t.Fatal(err)
	}
	if got := gauge(t, s.metrics(t)["holdfast.coverage.findings"]); got["missing"] != 1 || len(got) != len(archive.CoverageKinds()) {
		t.Errorf("measured %v", got)
	}
	if span := s.span(t, "compare coverage"); attr(span, "holdfast.decision.count") != "1" || attr(span, "holdfast.finding.count") != "1" {
		t.Errorf("attributes %v", span.Attributes())
	}
	if _, err := a.Export(t.Context(), packet(t, "pp-1")); err != nil {
		t.Fatal(err)
	}
	decision.PromotionDecisionAtUTC = taken.PromotionDecisionAtUTC
	in.Decisions = each([]archive.Decision{decision})
	if _, err := a.Coverage(t.Context(), in, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Coverage(t.Context(), archive.CoverageInput{}, nil); err == nil {
		t.Fatal("nothing to compare with is compared")
	}
	if got := gauge(t, s.metrics(t)["holdfast.coverage.findings"]); got["missing"] != 0 {
		t.Errorf("what is there is still missing: %v", got)
	}
}

// A replica's copying, how far it is behind, and what differs are all reported.
func TestReplicaIsWatched(t *testing.T) {
	cfg := config(t)
	s := watched(t, &cfg)
	a := over(t, memworm.New(), cfg)
	r, err := a.Replica(wormtest.Store(t, opened(t)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	for i, id := range []string{"pp-1", "pp-2"} {
		if _, err := a.Export(t.Context(), packet(t, id)); err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			break // the second is not copied
		}
		if _, err := r.Replicate(t.Context(), archive.Replication{}); err != nil {
			t.Fatal(err)
		}
		if got := gauge(t, s.metrics(t)["holdfast.replica.lag"]); got[""] != 0 {
			t.Errorf("behind when in step: %v", got)
		}
	}
	if _, err := r.Compare(t.Context(), archive.Comparison{}); err != nil {
		t.Fatal(err)
	}
	got := s.metrics(t)
	if lag := gauge(t, got["holdfast.replica.lag"]); lag[""] != 1 {
		t.Errorf("lag %v", lag)
	}
	copied := got["holdfast.replica.objects"].Data.(metricdata.Sum[int64]).DataPoints
	bytes := got["holdfast.replica.io"].Data.(metricdata.Sum[int64]).DataPoints
	if len(copied) != 1 || copied[0].Value != 2 || len(bytes) != 1 || bytes[0].Value == 0 {
		t.Errorf("copied %v objects of %v bytes", copied, bytes)
	}
	if span := s.span(t, "replicate archive"); attr(span, "holdfast.row.count") != "1" || attr(span, "holdfast.object.count") != "2" || span.Status().Code != codes.Unset {
		t.Errorf("attributes %v", span.Attributes())
	}
	for name, unit := range map[string]string{"holdfast.replica.lag": "{row}", "holdfast.replica.objects": "{object}", "holdfast.replica.io": "By"} {
		if got[name].Unit != unit || got[name].Description == "" {
			t.Errorf("%s: unit %q, description %q", name, got[name].Unit, got[name].Description)
		}
	}
}

// A difference is a finding, and the comparison failed.
func TestDifferenceIsWatched(t *testing.T) {
	cfg := config(t)
	s := watched(t, &cfg)
	primary := memworm.New()
	a := over(t, primary, cfg)
	r, err := a.Replica(wormtest.Store(t, opened(t)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	receipt, err := a.Export(t.Context(), packet(t, "pp-1"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Replicate(t.Context(), archive.Replication{}); err != nil {
		t.Fatal(err)
	}
	if err := primary.Tamper(documentKey(receipt), []byte("{}")); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Compare(t.Context(), archive.Comparison{}); !errors.Is(err, archive.ErrNotConfirmed) {
		t.Fatal(err)
	}
	if span := s.span(t, "compare replica"); attr(span, "error.type") != "not confirmed" || attr(span, "holdfast.finding.count") != "1" {
		t.Errorf("attributes %v", span.Attributes())
	}
	want := attribute.NewSet(attribute.String("holdfast.finding.kind", string(archive.CopyDiffers)))
	if p := s.metrics(t)["holdfast.findings"].Data.(metricdata.Sum[int64]).DataPoints; len(p) != 1 || p[0].Value != 1 || !p[0].Attributes.Equals(&want) {
		t.Errorf("counted %v", p)
	}
}

// What lapses is measured by how soon.
func TestRadarIsWatched(t *testing.T) {
	cfg := config(t)
	s := watched(t, &cfg)
	a := over(t, memworm.New(), cfg)
	chain, err := archive.ParseChain("tsa.example", certificate(t, noon.AddDate(0, 0, 9)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Export(t.Context(), packet(t, "pp-1")); err != nil {
		t.Fatal(err)
	}
	look(t, a, archive.Watch{Certificates: []archive.Watched{chain}})
	if got := gauge(t, s.metrics(t)["holdfast.radar.lapses"]); got["soon"] != 1 || got["lapsed"] != 0 || len(got) != 3 {
		t.Errorf("measured %v", got)
	}
	if span := s.span(t, "foresee lapses"); attr(span, "holdfast.lapse.count") != "1" {
		t.Errorf("attributes %v", span.Attributes())
	}
}
