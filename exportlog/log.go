package exportlog

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// Config is how a log is written. Its zero value writes unlocked commits.
type Config struct {
	// Lock returns the lock of a commit written at a time: the longest and
	// strictest of any evidence, for the log explains all of it. Nil locks nothing.
	Lock func(at time.Time) retention.Lock

	// Clock is the clock of recorded_at_utc; nil is time.Now.
	Clock func() time.Time

	// Patience is how long a commit is tried before its rows are given up or
	// reported as unknown; 0 is one minute.
	Patience time.Duration

	// Checkpoints is the log's own key, which signs checkpoints; nil signs none.
	Checkpoints *CheckpointKey
}

// Log is the log in one bucket. It is safe for concurrent use, and any number
// of Logs in any number of processes may share a bucket.
type Log struct {
	store *worm.Store
	cfg   Config
	nonce string
	tiles *tiles

	queue   queue
	deriver deriver
	inbox   inbox

	catching gate       // one walk to the head at a time
	mu       sync.Mutex // guards what follows
	walks    int64      // begun so far
	walked   int64      // the last one that got to the end
	opened   bool       // the log was read up to its end once
	base     mark       // where reading started; rows below are found by derived objects
	chain    chain
	index    index
	recent   recent
	lookups  map[string]below // by promotion_packet_id, as of base
	suspects []Finding        // derived objects found wrong on the way
}

// Open returns the log of a bucket. It reads nothing yet: a log starts with its
// first row, and is read when it is first asked for something.
func Open(store *worm.Store, cfg Config) *Log {
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Lock == nil {
		cfg.Lock = func(time.Time) retention.Lock { return retention.Lock{} }
	}
	if cfg.Patience == 0 {
		cfg.Patience = time.Minute
	}
	nonce := make([]byte, 16)
	rand.Read(nonce) // never fails, see crypto/rand
	l := &Log{
		store: store, cfg: cfg, nonce: hex.EncodeToString(nonce), tiles: newTiles(store),
		catching: newGate(), chain: newChain(), index: newIndex(0), lookups: map[string]below{},
	}
	l.deriver = deriver{log: l, pass: newGate()}
	return l
}

// Close waits for the commit in flight, if there is one, and for what is being
// derived from the rows that this Log appended. Appends that follow are refused
// with [ErrClosed]. An error means that a derived object in the bucket is not
// what the log says; the rows are in the log all the same.
func (l *Log) Close() error {
	l.queue.close()
	if err := l.deriver.close(); err != nil {
		return fmt.Errorf("exportlog: close: %w", err)
	}
	return nil
}

// Head reads up to the end of the log and returns it. On a damaged log it
// returns a [DamagedError].
func (l *Log) Head(ctx context.Context) (Head, error) {
	head, err := l.current(ctx)
	if err != nil {
		return Head{}, fmt.Errorf("exportlog: head: %w", err)
	}
	return head, nil
}

func (l *Log) current(ctx context.Context) (Head, error) {
	if err := l.catchUp(ctx); err != nil {
		return Head{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.chain.head(), l.damage()
}

// farBehind is how many commits are read one after the other before a newer mark
// is looked for.
const farBehind = 1024

// openingWindow is how many commits are read at once after opening. Behind a mark
// there are some, for marks are a block apart; without one there are few.
func (l *Log) openingWindow() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.base.Rows > 0 {
		return 16
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
	opening := !l.isOpen()
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
	l.opened, l.walked = true, l.walks
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

func (l *Log) isOpen() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.opened
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
	l.base, l.chain, l.index, l.recent = m, c, newIndex(m.Commit-1), recent{}
	clear(l.lookups)
	return nil
}

// raise leaves the rows below a mark to derived objects, when many are covered
// in memory. The mark must be one that we have found complete.
func (l *Log) raise(m mark) {
	l.mu.Lock()
	defer l.mu.Unlock()
	covered := l.chain.rows - l.base.below()
	if covered < maxCovered || m.Rows <= l.base.Rows || l.chain.damaged() || l.index.commitOf(m.Rows) != m.Commit {
		return
	}
	l.base = m
	l.index.raise(m.Commit-1, m.CommitFirstRow)
	l.chain.tree.raise(m.below())
	clear(l.lookups)
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
	l.recent.add(rows)
}

// wrote takes a commit of our own into what we know, and has its rows derived.
func (l *Log) wrote(d draft) {
	l.mu.Lock()
	if d.number == l.index.commits()+1 {
		for _, r := range d.fresh {
			l.chain.step(r.ExportRowID, r.line)
		}
		l.index.add(d.fresh[0].ExportRowID, d.fresh)
		l.recent.add(d.fresh)
	}
	l.mu.Unlock()
	l.deriver.wrote(d.fresh)
}

func (l *Log) commits() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.index.commits()
}

// damage returns what was found wrong so far, as an error. The caller holds mu.
func (l *Log) damage() error {
	if !l.chain.damaged() {
		return nil
	}
	return &DamagedError{Findings: slices.Clone(l.chain.findings)}
}

// doubt notes a derived object that is not what the log says. One that is
// missing is no sign of anything: its writer may have been cut off.
func (l *Log) doubt(err error) {
	if wrong := new(derivedError); errors.As(err, &wrong) && !wrong.Missing {
		l.suspect(wrong.finding())
	}
}

func (l *Log) suspect(findings ...Finding) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range findings {
		if len(l.suspects) < maxSuspects && !slices.Contains(l.suspects, f) {
			l.suspects = append(l.suspects, f)
		}
	}
}

// maxSuspects bounds what is remembered of derived objects found wrong.
const maxSuspects = 100
