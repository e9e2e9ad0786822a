package archive

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/archive/spool"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/exportlog/telemetry"
	"github.com/holdfast-archive/holdfast/retention/policy"
)

// watch reports what an archive does.
type watch struct {
	*telemetry.Watch
	packets metric.Int64Counter
	delay   metric.Float64Histogram
	size    metric.Int64Histogram

	gaps, lapses, lag metric.Int64Gauge
	copied            metric.Int64Counter
	copiedBytes       metric.Int64Counter
}

func newWatch(cfg telemetry.Config) watch {
	w := telemetry.New(cfg, ErrorTypes()...)
	const minute, hour, day = 60, 3600, 86400
	return watch{
		Watch:   w,
		packets: w.Counter("holdfast.export.packets", "{packet}", "Packets that were to be exported, and what became of them."),
		delay: w.Seconds("holdfast.export.delay", "Time from a promotion's decision to its export.",
			1, 10, minute, 5*minute, 15*minute, hour, 4*hour, day, 2*day, 7*day, 30*day),
		size: w.Bytes("holdfast.export.size", "Size of a packet and its exhibits.",
			1<<10, 16<<10, 256<<10, 1<<20, 16<<20, 256<<20, 1<<30, 4<<30),
		gaps:        w.Gauge("holdfast.coverage.findings", "{finding}", "Decisions, exports and incidents that did not match when they were compared last."),
		lapses:      w.Gauge("holdfast.radar.lapses", "{lapse}", "What ends too soon, as the radar saw it last."),
		lag:         w.Gauge("holdfast.replica.lag", "{row}", "Rows that the replica had not yet when it was looked at last."),
		copied:      w.Counter("holdfast.replica.objects", "{object}", "Objects that were copied to a replica."),
		copiedBytes: w.Counter("holdfast.replica.io", "By", "Bytes that were copied to a replica."),
	}
}

// ErrorTypes returns the errors that the archive's telemetry tells apart, in the order
// in which they are looked for: error.type is the text of the first that matches,
// "timeout" or "canceled" for a context that ended, and otherwise "_OTHER".
func ErrorTypes() []error {
	return slices.Concat([]error{
		ErrPending, ErrNotConfirmed, ErrPartial, ErrSamePerson, ErrNotArchived, spool.ErrFull, spool.ErrDamaged,
		ErrMalformed, ErrMissing, ErrNotFinal, ErrUnknownDecision, ErrRefused, ErrBadID, ErrBadExhibit, ErrTooLarge, ErrReadOnly, ErrNotLocked,
		policy.ErrNotAllowed,
		manifest.ErrNoSignature, manifest.ErrNoTimestamp, manifest.ErrUnknownKey, manifest.ErrNotOwner, manifest.ErrKeyNotInUse,
	}, exportlog.ErrorTypes())
}

// What became of a packet.
const (
	outcomeExported = "exported"
	outcomeAlready  = "already_exported"
	outcomePending  = "pending"
	outcomeFailed   = "failed"
)

func outcomeIs(outcome string) attribute.KeyValue {
	return attribute.String("holdfast.export.outcome", outcome)
}

// begin starts an operation.
func (w watch) begin(ctx context.Context, name string, attrs ...attribute.KeyValue) (context.Context, *telemetry.Operation) {
	return w.Start(ctx, name, trace.WithAttributes(attrs...))
}

// end ends an operation. What it found wrong with evidence is reported one by one.
func (w watch) end(ctx context.Context, op *telemetry.Operation, err error) {
	for _, f := range findingsOf(err) {
		w.Found(ctx, string(f.Kind), f)
	}
	op.End(&err)
}

func findingsOf(err error) []exportlog.Finding {
	if broken := new(NotConfirmedError); errors.As(err, &broken) {
		return broken.Findings
	}
	if damaged := new(exportlog.DamagedError); errors.As(err, &damaged) {
		return damaged.Findings
	}
	return nil
}

// stage runs one stage of an export.
func (w watch) stage(ctx context.Context, name string, b batch, run func(context.Context) error) (err error) {
	ctx, op := w.begin(ctx, name, attribute.String("holdfast.export_batch_id", b.id), attribute.Int("holdfast.packet.count", len(b.items)))
	defer op.End(&err)
	return run(ctx)
}

// exported reports packets whose rows are in the log.
func (w watch) exported(ctx context.Context, items []*item, receipts []Receipt, took time.Duration) {
	for i, r := range receipts {
		w.Log.LogAttrs(ctx, slog.LevelInfo, "exported", slog.Int64("export_row_id", r.ExportRowID), slog.String("promotion_packet_id", r.PromotionPacketID),
			slog.String("export_batch_id", r.ExportBatchID), slog.String("retention_class", string(r.RetentionClass)),
			slog.Bool("already_exported", r.AlreadyExported), slog.Duration("duration", took))
		outcome := outcomeExported
		if r.AlreadyExported {
			outcome = outcomeAlready
		}
		class := attribute.String("holdfast.retention_class", string(r.RetentionClass))
		w.count(ctx, 1, outcomeIs(outcome), class)
		if r.AlreadyExported || !w.size.Enabled(ctx) {
			continue
		}
		w.size.Record(ctx, items[i].bytes(), metric.WithAttributes(class))
		if r.ReconstructedBy == "" {
			w.delay.Record(ctx, r.ExportedAtUTC.Sub(r.PromotionDecisionAtUTC).Seconds(), metric.WithAttributes(class))
		}
	}
}

func (w watch) count(ctx context.Context, n int, attrs ...attribute.KeyValue) {
	if n > 0 && w.packets.Enabled(ctx) {
		w.packets.Add(ctx, int64(n), metric.WithAttributes(attrs...))
	}
}

func (it *item) bytes() int64 {
	n := int64(len(it.packet.document))
	for _, e := range it.exhibits {
		n += e.size
	}
	return n
}

// exportEnded ends the operation of Export and ExportBatch.
func (w watch) exportEnded(ctx context.Context, op *telemetry.Operation, packets []Packet, receipts []Receipt, err error) {
	pending := new(PendingError)
	switch {
	case errors.As(err, &pending):
		w.spooled(ctx, pending)
		op.Set(outcomeIs(outcomePending))
		w.count(ctx, len(packets), outcomeIs(outcomePending))
	case err != nil:
		op.Set(outcomeIs(outcomeFailed))
		w.count(ctx, len(packets), outcomeIs(outcomeFailed))
	case len(receipts) == 1:
		op.Set(rowAttributes(receipts[0].Row)...)
		op.Set(attribute.Bool("holdfast.already_exported", receipts[0].AlreadyExported))
	}
	w.end(ctx, op, err)
}

func (w watch) spooled(ctx context.Context, pending *PendingError) {
	for _, p := range pending.Pending {
		w.Log.LogAttrs(ctx, slog.LevelWarn, "pending, NOT exported", slog.String("promotion_packet_id", p.PromotionPacketID),
			slog.String("spool", pending.Dir), slog.String("entry", p.Entry), slog.Any("error", pending.Cause))
	}
}

// flushed ends the operation of a flush, of which nobody else may hear.
func (w watch) flushed(ctx context.Context, op *telemetry.Operation, receipts []Receipt, err error) {
	op.Set(attribute.Int("holdfast.packet.count", len(receipts)))
	if err != nil {
		w.Log.LogAttrs(ctx, slog.LevelWarn, "packets stay in the spool", slog.Int("exported", len(receipts)), slog.Any("error", err))
	}
	w.end(ctx, op, err)
}

// changed ends the operation of a change of holds or retention.
func (w watch) changed(ctx context.Context, op *telemetry.Operation, r ChangeReport, err error) {
	op.Set(attribute.Int("holdfast.change.changed", len(r.Changed)), attribute.Int("holdfast.change.already", len(r.Already)), attribute.Int("holdfast.change.failed", len(r.Failed)))
	w.end(ctx, op, err)
}

// packetAttributes say which packets are exported: by name if there is one, for a span
// has to be small.
func packetAttributes(packets []Packet) []attribute.KeyValue {
	attrs := []attribute.KeyValue{attribute.Int("holdfast.packet.count", len(packets))}
	if len(packets) == 1 {
		attrs = append(attrs, attribute.String("holdfast.promotion_packet_id", packets[0].Header.PromotionPacketID))
	}
	return attrs
}

// rowAttributes say which export it is.
func rowAttributes(r exportlog.Row) []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.Int64("holdfast.export_row_id", r.ExportRowID),
		attribute.String("holdfast.promotion_packet_id", r.PromotionPacketID),
		attribute.String("holdfast.export_batch_id", r.ExportBatchID),
		attribute.String("holdfast.retention_class", string(r.RetentionClass)),
	}
}
