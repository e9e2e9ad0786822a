package telemetry

import (
	"context"
	"errors"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// The attributes of every operation.
const (
	nameKey  = attribute.Key("holdfast.operation.name") // the span's name, on metrics
	errorKey = attribute.Key("error.type")
)

// otherError is what the conventions want for an error that has no type of its own.
const otherError = "_OTHER"

// maxDescription bounds the text of an error on a span, in bytes.
const maxDescription = 1000

// Operation is something that is being done. A nil Operation is one that nobody watches.
type Operation struct {
	watch *Watch
	ctx   context.Context
	name  string
	began time.Time
	span  trace.Span
}

// Start begins an operation: a span, under the one in ctx, and a duration. Its name is
// a verb and an object, and is one of few.
//
//	ctx, op := watch.Start(ctx, "confirm export")
//	defer op.End(&err)
func (w *Watch) Start(ctx context.Context, name string, opts ...trace.SpanStartOption) (context.Context, *Operation) {
	if w.tracer == nil && !w.metered {
		return ctx, nil
	}
	op := &Operation{watch: w, name: name, began: time.Now(), span: noop.Span{}}
	if w.tracer != nil {
		ctx, op.span = w.tracer.Start(ctx, name, opts...)
	}
	op.ctx = ctx
	return ctx, op
}

// Set adds to what the span says.
func (o *Operation) Set(attrs ...attribute.KeyValue) {
	if o != nil {
		o.span.SetAttributes(attrs...)
	}
}

// End ends an operation, with the error that it ended with, if any.
func (o *Operation) End(err *error) {
	if o == nil {
		return
	}
	attrs := []attribute.KeyValue{nameKey.String(o.name)}
	if *err != nil {
		kind := errorKey.String(o.watch.kindOf(*err))
		attrs = append(attrs, kind)
		o.span.SetAttributes(kind)
		o.span.SetStatus(codes.Error, describe(*err))
	}
	if o.watch.metered {
		o.watch.duration.Record(o.ctx, time.Since(o.began).Seconds(), metric.WithAttributes(attrs...))
	}
	o.span.End()
}

// kindOf is the error.type of an error.
func (w *Watch) kindOf(err error) string {
	for _, known := range w.known {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.Is(err, context.Canceled):
		return "canceled"
	}
	return otherError
}

func describe(err error) string {
	text := err.Error()
	if len(text) > maxDescription {
		text = text[:maxDescription] + "…"
	}
	return strings.ToValidUTF8(text, "�")
}
