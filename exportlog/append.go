package exportlog

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
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
// At most [MaxCommitRows] rows and [MaxCommitBytes] can be appended at once.
// Calls that arrive while a commit is in flight go into the next one together.
//
// When ctx ends before the rows are on their way, nothing was appended and the
// error says so. When it ends later, or the store does not answer for as long as
// [Config.Patience], the error is an [UnknownOutcomeError]. Any other error
// means that nothing was appended.
func (l *Log) Append(ctx context.Context, rows ...Row) ([]Appended, error) {
	r, err := newRequest(rows, l.cfg.Clock())
	if err != nil {
		return nil, fmt.Errorf("exportlog: append: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("exportlog: append: nothing was appended: %w", err)
	}
	if !l.queue.put(r, l.commit) {
		return nil, fmt.Errorf("exportlog: append: %w", ErrClosed)
	}
	select {
	case out := <-r.done:
		if out.err != nil {
			return nil, fmt.Errorf("exportlog: append: %w", out.err)
		}
		return out.rows, nil
	case <-ctx.Done():
	}
	if l.queue.withdraw(r) {
		return nil, fmt.Errorf("exportlog: append: nothing was appended: %w", context.Cause(ctx))
	}
	return nil, fmt.Errorf("exportlog: append: %w", &UnknownOutcomeError{IdempotencyKeys: r.keys(), Cause: context.Cause(ctx)})
}

// newRequest checks rows against the bounds before anything is queued, with the
// log's own fields at their longest.
func newRequest(rows []Row, now time.Time) (*request, error) {
	if len(rows) == 0 || len(rows) > MaxCommitRows {
		return nil, fmt.Errorf("%w: %d rows in one call, the limits are 1 and %d", ErrBadRow, len(rows), MaxCommitRows)
	}
	r := &request{done: make(chan outcome, 1)}
	for i, row := range rows {
		if row.IdempotencyKey == "" || row.Kind == "" || row.PromotionPacketID == "" {
			return nil, fmt.Errorf("%w: row %d of the call: kind, promotion_packet_id and idempotency_key are required", ErrBadRow, i+1)
		}
		row.RecordedAtUTC = now.UTC().Truncate(time.Millisecond)
		r.rows = append(r.rows, row)

		row.SchemaVersion, row.ExportRowID, row.ReexportOfExportRowID = SchemaVersion, math.MaxInt64, math.MaxInt64
		row.Nonce = strings.Repeat("0", 32)
		line, err := encode(row)
		if err != nil {
			return nil, fmt.Errorf("%w: row %d of the call (promotion_packet_id %.80q): %w", ErrBadRow, i+1, row.PromotionPacketID, err)
		}
		r.bytes += len(line)
	}
	if r.bytes > MaxCommitBytes {
		return nil, fmt.Errorf("%w: the rows of the call take %d bytes, the limit is %d: append them in several calls", ErrBadRow, r.bytes, MaxCommitBytes)
	}
	return r, nil
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
