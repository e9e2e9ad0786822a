package telemetry

import (
	"context"
	"log/slog"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// Again reports that something is done once more, and why: a warning, an event of the
// span in ctx, and a count. An operation that succeeds in the end has not failed.
func (w *Watch) Again(ctx context.Context, operation, object string, why error) {
	kind := w.kindOf(why)
	w.Log.LogAttrs(ctx, slog.LevelWarn, "again: "+operation, slog.String("object", object), slog.String("error", describe(why)))
	if w.tracer != nil {
		trace.SpanFromContext(ctx).AddEvent("holdfast.retry", trace.WithAttributes(attribute.String("holdfast.object", object), errorKey.String(kind)))
	}
	if w.metered {
		w.retries.Add(ctx, 1, metric.WithAttributes(nameKey.String(operation), errorKey.String(kind)))
	}
}

// Found reports evidence that is not what it should be: an error in the log, and a count
// by its kind, which is one of few.
func (w *Watch) Found(ctx context.Context, kind string, finding slog.LogValuer) {
	w.Log.LogAttrs(ctx, slog.LevelError, "evidence is not what it was", slog.Any("finding", finding))
	if w.metered {
		w.findings.Add(ctx, 1, metric.WithAttributes(attribute.String("holdfast.finding.kind", kind)))
	}
}
