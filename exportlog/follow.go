package exportlog

import (
	"context"
	"errors"
	"fmt"
)

// farBehind is how many commits are read one after the other before a newer mark
// is looked for.
const farBehind = 1024

// openingWindow is how many commits are read at once after opening. Behind a mark
// there are some, for marks are a block apart; without one there are few. Two windows
// are enough for the commits of a whole block and the end behind them.
func (l *Log) openingWindow() int {
	if l.floor.start().Rows > 0 {
		return 32
	}
	return 4
}

// maxCovered is how many rows are covered in memory before those below the
// newest mark are left to derived objects.
const maxCovered = 32_768

// catchUp reads what others have written since we last looked: the first time
// from the newest mark, later from where we are.
func (l *Log) catchUp(ctx context.Context) error { return l.readOn(ctx, 1) }

// readOn is catchUp for who expects so many commits, if the log is open.
func (l *Log) readOn(ctx context.Context, window int) error {
	l.mu.Lock()
	wanted := l.walks + 1 // begun from now on
	l.mu.Unlock()
	if err := l.catching.enter(ctx); err != nil {
		return err
	}
	defer l.catching.leave()
	l.mu.Lock()
	if l.walked >= wanted {
		l.mu.Unlock()
		return nil // while we waited, somebody else has been to the end
	}
	l.walks++
	l.mu.Unlock()
	opening := !l.floor.isOpen()
	if opening {
		if err := l.jump(ctx); err != nil {
			return err
		}
		window = l.openingWindow()
	}
	err := l.follow(ctx, window, l.commits()+farBehind)
	if errors.Is(err, errFar) {
		if err := l.jump(ctx); err != nil {
			return err
		}
		err = l.follow(ctx, l.openingWindow(), maxNumber)
	}
	if err == nil && opening {
		err = l.lookBehind(ctx)
	}
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.walked = l.walks
	l.floor.open()
	return nil
}

// lookBehind makes sure that the end we came to is one: a delete marker over the
// next commit would make it look absent, and some stores would let us write there.
func (l *Log) lookBehind(ctx context.Context) error {
	if !l.store.Capabilities().Versions {
		return nil
	}
	next := l.commits() + 1
	for e, err := range l.store.ListHidden(ctx, commitKey(next)) {
		if err != nil {
			return err
		}
		l.mu.Lock()
		l.chain.findings = append(l.chain.findings, Finding{Kind: Hidden, Object: e.Ref.Key, Version: e.Ref.Version, ExportRowID: l.chain.rows + 1,
			Problem: fmt.Sprintf("the end of the log, from row %d on, is hidden behind a delete marker", l.chain.rows+1)})
		l.mu.Unlock()
	}
	return nil
}

func (l *Log) readCommit(ctx context.Context, n int64) (stored, error) {
	return readCommit(ctx, l.store, n)
}

var errFar = errors.New("the end of the log is far ahead")

// follow reads commit after commit up to the end of the log.
func (l *Log) follow(ctx context.Context, window int, most int64) error {
	return walk(ctx, l.readCommit, l.commits()+1, 0, window, func(n int64, s stored) error {
		if n > most {
			return errFar
		}
		l.learn(n, s)
		return nil
	})
}

// jump goes to the newest mark, if that is ahead of us. What we knew must be the
// beginning of what is there.
func (l *Log) jump(ctx context.Context) error {
	m, c, err := l.newestMark(ctx, l.commits())
	if err != nil || m.Rows == 0 {
		return err
	}
	l.mu.Lock()
	known, damaged := l.chain.head(), l.chain.damaged()
	l.mu.Unlock()
	if damaged {
		return nil // stay where the damage is known
	}
	then, err := treeAt(known.Size, l.tiles.under(ctx, m.tree()))
	if errors.Is(err, errDerived) {
		l.doubt(err)
		return nil
	}
	if err != nil {
		return err
	}
	if then.root() != known.Root {
		c.findings = append(c.findings, Finding{Kind: Forked, Object: commitKey(m.Commit), ExportRowID: 1,
			Problem: fmt.Sprintf("the first %d rows are not the ones that this process read before: rows were rewritten", known.Size)})
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.floor.move(m)
	l.chain, l.index, l.recent = c, newIndex(m.Commit-1), recent{}
	return nil
}

// raise leaves the rows below a mark to derived objects, when many are covered
// in memory. The mark must be one that we have found complete.
func (l *Log) raise(m mark) {
	l.mu.Lock()
	defer l.mu.Unlock()
	base := l.floor.start()
	covered := l.chain.rows - base.below()
	if covered < maxCovered || m.Rows <= base.Rows || l.chain.damaged() || l.index.commitOf(m.Rows) != m.Commit {
		return
	}
	l.floor.move(m)
	l.index.raise(m.Commit-1, m.CommitFirstRow)
	l.chain.tree.raise(m.below())
}

// learn takes commit n into what we know, unless it already is.
func (l *Log) learn(n int64, s stored) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n != l.index.commits()+1 {
		return
	}
	first := l.chain.rows + 1
	rows := l.chain.fold(n, s, nil)
	if len(rows) > 0 {
		first = rows[0].ExportRowID
	}
	l.index.add(first, rows)
	l.recent.add(rows, maxRecent)
}
