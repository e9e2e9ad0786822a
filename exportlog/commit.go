package exportlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

const (
	commitPrefix = "log/commits/"
	maxCommit    = 999_999_999_999 // four groups of three digits
)

// commitKey spells a commit's number so that names sort as numbers do, a
// thousand to a folder.
func commitKey(n int64) string {
	d := fmt.Sprintf("%012d", n)
	return commitPrefix + d[:3] + "/" + d[3:6] + "/" + d[6:9] + "/" + d[9:] + ".jsonl"
}

// commitNumber is the inverse of commitKey; false for any other key.
func commitNumber(key string) (int64, bool) {
	digits := strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(key, commitPrefix), ".jsonl"), "/", "")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 1 || n > maxCommit || commitKey(n) != key {
		return 0, false
	}
	return n, true
}

// stored is what one GET of a commit gave: its bytes, or that it is absent, or
// why it cannot be read.
type stored struct {
	body   []byte
	absent bool
	bad    error // the store holds it, but not intact
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

// parallelReads bounds the GETs in flight of one window.
const parallelReads = 16

// readCommits reads commits from, from+1, … in parallel. An error means that the
// store could not be asked; what it answered, good or bad, is in the result.
func readCommits(ctx context.Context, store *worm.Store, from int64, count int) ([]stored, error) {
	got := make([]stored, count)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallelReads)
	for i := range got {
		g.Go(func() (err error) {
			got[i], err = readCommit(ctx, store, from+int64(i))
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return got, nil
}

func readCommit(ctx context.Context, store *worm.Store, n int64) (stored, error) {
	body, err := store.Read(ctx, worm.Ref{Key: commitKey(n)}, MaxCommitBytes)
	switch {
	case err == nil:
		return stored{body: body}, nil
	case errors.Is(err, worm.ErrNotFound):
		return stored{absent: true}, nil
	case errors.Is(err, worm.ErrCorrupt):
		return stored{bad: err}, nil
	}
	return stored{}, err
}
