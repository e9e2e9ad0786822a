package exportlog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// Appended is one row's place in the log.
type Appended struct {
	Row
	Existing bool // the log already had a row with this idempotency_key; Row is that one
}

// Append adds rows, all in one commit or not at all, and returns them as they
// lie in the log, in the order given. Rows whose idempotency_key the log already
// has are not added again: the row that is there is returned in their place.
//
// A row is [ErrBadRow] if it lacks its kind, its promotion_packet_id or its
// idempotency_key, takes more than [MaxLineBytes], or is a correction that cannot stand: of
// a row that the log does not have, of nothing that can be corrected, to a retention_class
// that there is not, or of where evidence lies that is under legal hold. Nothing is
// appended to a log that is damaged: that is a [DamagedError].
//
// At most [MaxCommitRows] rows and [MaxCommitBytes] can be appended at once.
// Calls that arrive while a commit is in flight go into the next one together.
//
// When ctx ends before the rows are on their way, nothing was appended and the
// error says so. When it ends later, or the store does not answer for as long as
// [Config.Patience], the error is an [UnknownOutcomeError]. Any other error
// means that nothing was appended.
func (l *Log) Append(ctx context.Context, rows ...Row) (appended []Appended, err error) {
	ctx, op := l.watch.Start(ctx, "append rows")
	defer func() { l.watch.appended(ctx, op, appended, err) }()
	r, err := l.newRequest(rows)
	if err != nil {
		return nil, fmt.Errorf("exportlog: append: %w", err)
	}
	r.by = trace.SpanContextFromContext(ctx)
	if err := l.inform(ctx, r); err != nil {
		return nil, fmt.Errorf("exportlog: append: nothing was appended: %w", err)
	}
	if !l.queue.put(r, l.commit) {
		return nil, fmt.Errorf("exportlog: append: %w", ErrClosed)
	}
	out, known := r.wait(ctx)
	switch {
	case known && out.err != nil:
		return nil, fmt.Errorf("exportlog: append: %w", out.err)
	case known:
		return out.rows, nil
	case l.queue.withdraw(r):
		return nil, fmt.Errorf("exportlog: append: nothing was appended: %w", context.Cause(ctx))
	}
	return nil, fmt.Errorf("exportlog: append: %w", &UnknownOutcomeError{IdempotencyKeys: r.keys(), Cause: context.Cause(ctx)})
}

// wait returns the outcome of a request, if it is there before the context ends:
// what is known is told, also to a caller who leaves.
func (r *request) wait(ctx context.Context) (out outcome, known bool) {
	select {
	case out = <-r.done:
		return out, true
	case <-ctx.Done():
	}
	select {
	case out = <-r.done:
		return out, true
	default:
		return outcome{}, false
	}
}

// newRequest checks rows against the bounds before anything is queued.
func (l *Log) newRequest(rows []Row) (*request, error) {
	r := &request{done: make(chan outcome, 1), rows: make([]Row, 0, len(rows))}
	now := l.cfg.Clock().UTC().Truncate(time.Millisecond)
	for _, row := range rows {
		for _, at := range []*time.Time{&row.PromotionDecisionAtUTC, &row.RetainUntilUTC, &row.ExportedAtUTC} {
			*at = at.UTC()
		}
		row.SchemaVersion, row.ExportRowID, row.ReexportOfExportRowID = SchemaVersion, 0, 0
		row.RecordedAtUTC, row.Nonce, row.PrevRootSHA256 = now, l.nonce, worm.Digest{}
		r.rows = append(r.rows, row)
	}
	return r, r.check()
}

// check holds the rows of a request to the bounds, wherever they come to stand,
// and does what can be done before that is known.
func (r *request) check() error {
	if len(r.rows) == 0 || len(r.rows) > MaxCommitRows {
		return fmt.Errorf("%w: %d rows in one call, the limits are 1 and %d", ErrBadRow, len(r.rows), MaxCommitRows)
	}
	for i, row := range r.rows {
		if row.IdempotencyKey == "" || row.Kind == "" || row.PromotionPacketID == "" {
			return fmt.Errorf("%w: row %d of the call: kind, promotion_packet_id and idempotency_key are required", ErrBadRow, i+1)
		}
		if err := row.checkCorrection(); err != nil {
			return fmt.Errorf("%w: row %d of the call: %w", ErrBadRow, i+1, err)
		}
		template, err := encodeTemplate(row)
		if err != nil {
			return fmt.Errorf("%w: row %d of the call (promotion_packet_id %.80q): %w", ErrBadRow, i+1, row.PromotionPacketID, err)
		}
		r.templates = append(r.templates, template)
		r.bytes += len(template) + placeBytes
	}
	if r.bytes > MaxCommitBytes {
		return fmt.Errorf("%w: the rows of the call take %d bytes, the limit is %d: append them in several calls", ErrBadRow, r.bytes, MaxCommitBytes)
	}
	return nil
}

// inform finds out what must be known of the log before a request can be
// queued: whether it already has the rows, and what they correct.
func (l *Log) inform(ctx context.Context, r *request) (err error) {
	if err := l.deriver.keepUp(ctx); err != nil {
		return err
	}
	if !l.floor.isOpen() {
		if err := l.catchUp(ctx); err != nil {
			return err
		}
	}
	if err := l.checkCorrections(ctx, r); err != nil {
		return err
	}
	if r.known, err = l.lookUp(ctx, r.rows, r.moves); err != nil {
		return err
	}
	return ctx.Err()
}

func (r *request) keys() []string {
	keys := make([]string, len(r.rows))
	for i, row := range r.rows {
		keys[i] = row.IdempotencyKey
	}
	return keys
}

func (r *request) fail(err error) {
	var unknown *UnknownOutcomeError
	if errors.As(err, &unknown) {
		own := *unknown
		own.IdempotencyKeys = r.keys()
		err = &own
	}
	r.done <- outcome{err: err}
}
