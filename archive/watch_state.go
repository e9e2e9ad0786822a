package archive

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/holdfast-archive/holdfast/exportlog/telemetry"
)

// What is looked at on a schedule is measured as it stood the last time. What is whole
// says so with a zero, so that an alarm ends.

// covered ends the operation of a coverage. One that could not find out measures nothing.
func (w watch) covered(ctx context.Context, op *telemetry.Operation, s CoverageSummary, err error) {
	op.Set(attribute.Int64("holdfast.decision.count", s.Decisions), attribute.Int64("holdfast.finding.count", s.Total()))
	if err == nil {
		for _, kind := range CoverageKinds() {
			w.gaps.Record(ctx, s.Findings[kind], metric.WithAttributes(attribute.String("holdfast.finding.kind", string(kind))))
		}
	}
	w.end(ctx, op, err)
}

// foreseen ends the operation of a radar.
func (w watch) foreseen(ctx context.Context, op *telemetry.Operation, r RadarReport, err error) {
	if err == nil {
		op.Set(attribute.Int("holdfast.lapse.count", r.Lapsed+r.Soon+r.Later))
		for state, n := range map[string]int{"lapsed": r.Lapsed, "soon": r.Soon, "later": r.Later} {
			w.lapses.Record(ctx, int64(n), metric.WithAttributes(attribute.String("holdfast.lapse.state", state)))
		}
	}
	w.end(ctx, op, err)
}

// replicated ends the operation of a replication. What was copied before it failed counts.
func (w watch) replicated(ctx context.Context, op *telemetry.Operation, r Replicated, err error) {
	op.Set(attribute.Int64("holdfast.row.count", r.Rows), attribute.Int("holdfast.object.count", r.Objects))
	w.copied.Add(ctx, int64(r.Objects))
	w.copiedBytes.Add(ctx, r.Bytes)
	if err == nil {
		w.lag.Record(ctx, 0)
	}
	w.end(ctx, op, err)
}

// compared ends the operation of a comparison. How far the replica is behind is known
// when both logs can be read.
func (w watch) compared(ctx context.Context, op *telemetry.Operation, c Compared, err error) {
	op.Set(attribute.Int("holdfast.object.count", c.Objects), attribute.Int("holdfast.finding.count", len(c.Findings)))
	if c.Primary.Size > 0 && c.Replica.Size > 0 {
		w.lag.Record(ctx, c.Behind())
	}
	w.end(ctx, op, err)
}
