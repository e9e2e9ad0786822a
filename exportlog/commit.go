package exportlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// stored is what one GET of a commit gave: its bytes, or that it is absent, or
// why it cannot be read.
type stored struct {
	body   []byte
	absent bool
	bad    error // the store holds it, but not intact

	unlocked bool // known to be under no lock; only Verify looks
}

// lines cuts a commit into its lines, newlines included.
func (s stored) lines() ([][]byte, error) {
	if s.bad != nil {
		return nil, s.bad
	}
	if len(s.body) == 0 || s.body[len(s.body)-1] != '\n' {
		return nil, errors.New("it does not end with a complete line")
	}
	if n := bytes.Count(s.body, []byte("\n")); n > MaxCommitRows {
		return nil, fmt.Errorf("it has %d lines, the limit is %d", n, MaxCommitRows)
	}
	lines := bytes.SplitAfter(s.body, []byte("\n"))
	return lines[:len(lines)-1], nil
}

func readCommit(ctx context.Context, store *worm.Store, n int64) (stored, error) {
	return readVersion(ctx, store, worm.Ref{Key: commitKey(n)})
}

func readVersion(ctx context.Context, store *worm.Store, ref worm.Ref) (stored, error) {
	body, err := store.Read(ctx, ref, MaxCommitBytes)
	switch {
	case err == nil:
		return stored{body: body}, nil
	case errors.Is(err, worm.ErrNotFound):
		return stored{absent: true}, nil
	case errors.Is(err, worm.ErrCorrupt), errors.Is(err, worm.ErrTooLarge):
		return stored{bad: err}, nil
	}
	return stored{}, err
}
