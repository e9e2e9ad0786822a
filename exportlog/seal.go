package exportlog

import (
	"context"
	"fmt"
)

// Seal writes whatever derived objects the log lacks from its newest mark up to
// its end: index entries, blocks, tiles and marks. Appending does so in the
// background; Seal is for the end of a night's batch, and for a log whose
// writers were killed.
//
// A derived object that is there and is not what the rows come to is left alone,
// and returned as a [DamagedError] when all others are written. The rows themselves
// are not affected.
func (l *Log) Seal(ctx context.Context) error { return l.SealWithProgress(ctx, nil) }

// SealWithProgress is [Log.Seal], and tells after each step up to which row everything is
// derived, of how many rows the log has. It calls from one goroutine; nil tells nobody.
func (l *Log) SealWithProgress(ctx context.Context, tell func(rows, of int64)) (err error) {
	ctx, op := l.watch.Start(ctx, "seal log")
	defer op.End(&err)
	if _, err := l.current(ctx); err != nil {
		return fmt.Errorf("exportlog: seal: %w", err)
	}
	if err := l.deriver.seal(ctx, tell); err != nil {
		return fmt.Errorf("exportlog: seal: %w", err)
	}
	return nil
}
