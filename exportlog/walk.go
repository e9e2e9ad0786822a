package exportlog

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"
)

const (
	parallelReads = 128      // requests in flight for one caller
	maxWindow     = 256      // commits in one window, all in flight at once
	maxWindowSize = 64 << 20 // bytes in one window, going by the largest commit so far
)

var errMissing = errors.New("it is missing, and later commits are there")

// reading is one way to read a commit.
type reading func(ctx context.Context, n int64) (stored, error)

// walk visits the commits from a number on, in order, until the first that is
// absent with nothing after it. The first window is as wide as the caller says,
// and the next ones are wider, so that a head already known costs one GET and a
// long log is read in parallel. A commit that is absent at or below known, or
// below one that is there, is visited as missing.
func walk(ctx context.Context, read reading, from, known int64, window int, visit func(n int64, s stored) error) error {
	largest := maxWindowSize / maxWindow
	for {
		got, err := readCommits(ctx, read, from, window)
		if err != nil {
			return err
		}
		for i, s := range got {
			n := from + int64(i)
			largest = max(largest, len(s.body))
			if s.absent && n > known && !anyPresent(got[i:]) {
				return nil
			}
			if s.absent {
				// It may have been written between our reads of it and of its successor.
				if s, err = read(ctx, n); err != nil {
					return err
				}
			}
			if s.absent {
				s.bad = errMissing
			}
			if err := visit(n, s); err != nil {
				return err
			}
		}
		from += int64(window)
		window = max(min(8*window, maxWindow, maxWindowSize/largest), 1)
	}
}

func anyPresent(window []stored) bool {
	for _, s := range window {
		if !s.absent {
			return true
		}
	}
	return false
}

// readCommits reads commits from, from+1, … in parallel. An error means that the
// store could not be asked; what it answered, good or bad, is in the result.
func readCommits(ctx context.Context, read reading, from int64, count int) ([]stored, error) {
	numbers := make([]int64, count)
	for i := range numbers {
		numbers[i] = from + int64(i)
	}
	return atOnce(ctx, count, numbers, read)
}

// inParallel calls do for each of some things, up to parallelReads at a time,
// and returns the results in the same order, or the first error.
func inParallel[T, R any](ctx context.Context, things []T, do func(context.Context, T) (R, error)) ([]R, error) {
	return atOnce(ctx, parallelReads, things, do)
}

// atOnce is inParallel with a limit of the caller's choosing.
func atOnce[T, R any](ctx context.Context, limit int, things []T, do func(context.Context, T) (R, error)) ([]R, error) {
	if len(things) == 0 {
		return nil, nil
	}
	results := make([]R, len(things))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(limit)
	for i, thing := range things {
		g.Go(func() (err error) {
			results[i], err = do(gctx, thing)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return results, nil
}
