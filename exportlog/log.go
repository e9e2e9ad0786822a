package exportlog

import (
	"context"
	"crypto/rand"
	"encoding/hex"
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
}

// Log is the log in one bucket. It is safe for concurrent use, and any number
// of Logs in any number of processes may share a bucket.
type Log struct {
	store *worm.Store
	cfg   Config
	nonce string

	queue queue

	catching sync.Mutex // one walk to the head at a time
	mu       sync.Mutex // guards what follows
	chain    chain
	index    index
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
	return &Log{store: store, cfg: cfg, nonce: hex.EncodeToString(nonce), chain: newChain(), index: newIndex()}
}

// Close waits for the commit in flight, if there is one. Appends that follow
// are refused with [ErrClosed].
func (l *Log) Close() error {
	l.queue.close()
	return nil
}

// Head reads up to the end of the log and returns it. On a damaged log it
// returns a [DamagedError].
func (l *Log) Head(ctx context.Context) (Head, error) {
	if err := l.catchUp(ctx); err != nil {
		return Head{}, fmt.Errorf("exportlog: head: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.damage(); err != nil {
		return Head{}, fmt.Errorf("exportlog: head: %w", err)
	}
	return l.chain.head(), nil
}

// catchUp reads what others have written since we last looked.
func (l *Log) catchUp(ctx context.Context) error {
	l.catching.Lock()
	defer l.catching.Unlock()
	return walk(ctx, l.store, l.commits()+1, 0, func(n int64, s stored) error {
		l.learn(n, s)
		return nil
	})
}

// learn takes commit n into what we know, unless it already is.
func (l *Log) learn(n int64, s stored) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n != int64(len(l.index.starts))+1 {
		return
	}
	first := l.chain.rows + 1
	rows := l.chain.fold(n, s, nil)
	if len(rows) > 0 {
		first = rows[0].ExportRowID
	}
	l.index.add(first, rows)
}

func (l *Log) commits() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return int64(len(l.index.starts))
}

// damage returns what was found wrong so far, as an error. The caller holds mu.
func (l *Log) damage() error {
	if !l.chain.damaged() {
		return nil
	}
	return &DamagedError{Findings: slices.Clone(l.chain.findings)}
}
