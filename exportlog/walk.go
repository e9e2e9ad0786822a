package exportlog

import (
	"context"
	"errors"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// maxWindow bounds the commits that are held at once while walking: with
// MaxCommitBytes each, 64 MiB at the very worst.
const maxWindow = 16

var errMissing = errors.New("it is missing, and later commits are there")

// walk visits the commits from a number on, in order, until the first that is
// absent with nothing after it. Windows grow, so that a head already known
// costs one GET and a long log is read in parallel. A commit that is absent
// below known, or below one that is there, is visited as missing.
func walk(ctx context.Context, store *worm.Store, from, known int64, visit func(n int64, s stored) error) error {
	for window := 1; ; window = min(2*window, maxWindow) {
		got, err := readCommits(ctx, store, from, window)
		if err != nil {
			return err
		}
		for i, s := range got {
			n := from + int64(i)
			if s.absent && n > known && !anyPresent(got[i:]) {
				return nil
			}
			if s.absent {
				// It may have been written between our reads of it and of its successor.
				if s, err = readCommit(ctx, store, n); err != nil {
					return err
				}
			}
			if s.absent {
				s = stored{bad: errMissing}
			}
			if err := visit(n, s); err != nil {
				return err
			}
		}
		from += int64(window)
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
