package exportlog

import (
	"context"
	"errors"
	"log/slog"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/holdfast-archive/holdfast/exportlog/telemetry"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// watch reports what a log does.
type watch struct {
	*telemetry.Watch
	rows metric.Int64Counter
}

func newWatch(cfg telemetry.Config) watch {
	w := telemetry.New(cfg, ErrorTypes()...)
	return watch{Watch: w, rows: w.Counter("holdfast.log.rows", "{row}", "Rows that this process has written into the log.")}
}

// ErrorTypes returns the errors that the log's telemetry tells apart, in the order in
// which they are looked for: error.type is the text of the first that matches.
func ErrorTypes() []error {
	return []error{
		ErrDamaged, ErrOutcomeUnknown, ErrBadRow, ErrClosed, ErrNoProof,
		worm.ErrExists, worm.ErrConflict, worm.ErrOutcomeUnknown, worm.ErrUnavailable, worm.ErrLocked, worm.ErrUnsupported, worm.ErrCorrupt,
		worm.ErrNotFound,
	}
}

// onBehalfOf is the context of a commit. It has a clock of its own, and belongs to the
// trace of the first whose rows are in it.
func onBehalfOf(group []*request) context.Context {
	return trace.ContextWithSpanContext(context.Background(), group[0].by)
}

// linkedTo links a commit to everybody else whose rows are in it.
func linkedTo(group []*request) trace.SpanStartOption {
	var links []trace.Link
	for _, r := range group[1:] {
		links = appendLink(links, r.by)
	}
	return trace.WithLinks(links...)
}

func appendLink(links []trace.Link, to trace.SpanContext) []trace.Link {
	if !to.IsValid() {
		return links
	}
	return append(links, trace.Link{SpanContext: to})
}

// appended ends the operation of a call of Append.
func (w watch) appended(ctx context.Context, op *telemetry.Operation, rows []Appended, err error) {
	if len(rows) > 0 {
		op.Set(attribute.Int64("holdfast.export_row_id", rows[0].ExportRowID), attribute.Int("holdfast.row.count", len(rows)))
	}
	if errors.Is(err, ErrOutcomeUnknown) {
		w.Log.LogAttrs(ctx, slog.LevelWarn, "outcome unknown: the rows may be in the log or not; the same call again settles it", slog.Any("error", err))
	}
	op.End(&err)
}

// wrote counts rows that this process has written, its own and those of others that it
// took along.
func (w watch) wrote(ctx context.Context, rows []Row) {
	if !w.rows.Enabled(ctx) {
		return
	}
	kinds := map[Kind]int64{}
	for _, r := range rows {
		kinds[r.Kind]++
	}
	for kind, n := range kinds {
		w.rows.Add(ctx, n, metric.WithAttributes(attribute.String("holdfast.row.kind", string(kind))))
	}
}

// derived ends the operation of a pass in the background, of which nobody else hears.
func (w watch) derived(ctx context.Context, op *telemetry.Operation, rows []span, err error) {
	var n int64
	for _, s := range rows {
		n += s.last - s.first + 1
	}
	op.Set(attribute.Int64("holdfast.export_row_id", rows[0].first), attribute.Int64("holdfast.row.count", n))
	if err != nil {
		w.Log.LogAttrs(ctx, slog.LevelWarn, "the index is behind: a later pass derives it, of this process or another", slog.Int64("export_row_id", rows[0].first), slog.Any("error", err))
	}
	op.End(&err)
}

// found reports a derived object that is not what the log says.
func (w watch) found(f Finding) {
	w.Found(context.Background(), string(f.Kind), f)
}

// LogValue is the finding in a log record.
func (f Finding) LogValue() slog.Value {
	return slog.GroupValue(slog.String("kind", string(f.Kind)), slog.Int64("export_row_id", f.ExportRowID),
		slog.String("object", f.Object), slog.String("version", f.Version), slog.String("problem", f.Problem))
}
