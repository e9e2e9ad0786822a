package linkage

import (
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
)

// errorTypes are what error.type tells apart.
func errorTypes() []error {
	own := []error{ErrNotLocated, ErrAmbiguous, ErrNotAcknowledged, ErrBadDivergence, ErrBadStory, ErrTooMuch, ErrPeers, ErrNoProofs, ErrBadEvent}
	return append(own, archive.ErrorTypes()...)
}

// asked says on a span which ids an operation was given.
func asked(q exportlog.Query) trace.SpanStartOption {
	var attrs []attribute.KeyValue
	if q.ExportRowID != 0 {
		attrs = append(attrs, attribute.Int64("holdfast.export_row_id", q.ExportRowID))
	}
	for _, id := range idsOf(q) {
		attrs = append(attrs, attribute.String("holdfast."+id.field, id.value))
	}
	return trace.WithAttributes(attrs...)
}
