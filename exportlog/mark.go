package exportlog

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"golang.org/x/mod/sumdb/tlog"
	"golang.org/x/sync/errgroup"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// mark says that everything derived from the rows up to a block boundary is
// written. It is a hint of where to start reading, and is not believed: whoever
// starts there holds its root to the commit it names, and the tiles to that.
type mark struct {
	Rows           int64       `json:"rows"` // a multiple of 256
	RootSHA256     worm.Digest `json:"root_sha256"`
	Commit         int64       `json:"commit"`           // that holds the last of the rows
	CommitFirstRow int64       `json:"commit_first_row"` // of that commit
}

const maxMarkBytes = 1024

func (m mark) key() string { return headKey(m.Rows / tileWidth) }

func (m mark) encode() []byte { return append(must(json.Marshal(m)), '\n') }

// tree is the tree over the rows of the mark.
func (m mark) tree() tlog.Tree { return tlog.Tree{N: m.Rows, Hash: tlog.Hash(m.RootSHA256)} }

// below is the number of rows before the mark's commit: those that whoever
// starts there does not read.
func (m mark) below() int64 { return max(m.CommitFirstRow-1, 0) }

func readMark(ctx context.Context, store *worm.Store, blocks int64) (m mark, err error) {
	_, err = readDerived(ctx, store, headKey(blocks), maxMarkBytes, func(b []byte) error {
		if err := json.Unmarshal(b, &m); err != nil {
			return err
		}
		if m.Rows != blocks*tileWidth || m.CommitFirstRow < 1 || m.CommitFirstRow > m.Rows || m.Rows-m.CommitFirstRow >= MaxCommitRows ||
			m.Commit < 1 || m.Commit > m.CommitFirstRow {
			return errors.New("its numbers do not fit together")
		}
		return nil
	})
	return m, err
}

// markTries is how many of the newest marks are tried before the log is read
// from its start.
const markTries = 3

// newestMark returns the newest mark that the log bears out, with the chain that
// starts at its commit; the zero mark when there is none. Marks at or below a
// number of commits are of no use to the caller.
func (l *Log) newestMark(ctx context.Context, above int64) (mark, chain, error) {
	tries := 0
	for e, err := range l.store.List(ctx, headPrefix) {
		if err != nil {
			return mark{}, chain{}, err
		}
		blocks, ok := headNumber(e.Ref.Key)
		if !ok {
			continue
		}
		m, err := readMark(ctx, l.store, blocks)
		if err == nil && m.Commit <= above {
			break
		}
		var c chain
		if err == nil {
			c, err = l.startAt(ctx, m)
		}
		if err == nil {
			return m, c, nil
		}
		if !errors.Is(err, errDerived) {
			return mark{}, chain{}, err
		}
		l.doubt(err)
		if tries++; tries == markTries {
			break
		}
	}
	return mark{}, newChain(), nil
}

// startAt returns the chain that starts with a mark's commit, if that commit
// bears the mark out: its first row names the root that the tiles come to, and
// its rows lead from there to the root of the mark.
func (l *Log) startAt(ctx context.Context, m mark) (chain, error) {
	var s stored
	var t tree
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		s, err = readCommit(gctx, l.store, m.Commit)
		return err
	})
	g.Go(func() (err error) {
		t, err = treeAt(m.below(), l.tiles.under(gctx, m.tree()))
		return err
	})
	if err := g.Wait(); err != nil {
		return chain{}, err
	}
	c := chainAt(t)
	probe := chainAt(t.clone())
	var root worm.Digest
	probe.fold(m.Commit, s, func() {
		if probe.rows == m.Rows && !probe.damaged() {
			root = probe.tree.root()
		}
	})
	if probe.damaged() || root != m.RootSHA256 {
		return chain{}, &derivedError{Object: m.key(), Problem: fmt.Sprintf("commit %d does not bear it out", m.Commit)}
	}
	return c, nil
}
