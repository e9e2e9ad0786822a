package exportlog

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// parallelLocks bounds the commits whose locks are changed at once.
const parallelLocks = 16

// Strengthen makes the lock of every commit and checkpoint at least as strong as want,
// and returns how many it looked at: a request for each that is strong enough, two for
// one that is not, and one for every thousand to list them. It is for when evidence is
// kept longer than was foreseen when its rows were written, for the log explains all of
// it. Calling again after an error goes on.
func (l *Log) Strengthen(ctx context.Context, want retention.Lock) (int, error) {
	n := 0
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(parallelLocks)
	for _, folder := range []string{commitPrefix, checkpointPrefix} {
		for e, err := range l.store.List(gctx, folder) {
			if err != nil {
				g.Go(func() error { return err })
				break
			}
			n++
			g.Go(func() error { return l.store.Strengthen(gctx, worm.Ref{Key: e.Ref.Key}, want) })
		}
	}
	if err := g.Wait(); err != nil {
		return n, fmt.Errorf("exportlog: strengthen locks: %w", err)
	}
	return n, nil
}
