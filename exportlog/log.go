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

	"go.opentelemetry.io/otel/trace"

	"github.com/holdfast-archive/holdfast/exportlog/telemetry"
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

	// Telemetry is where commits, what is derived from them, retries and findings are
	// reported; its zero value reports nothing.
	Telemetry telemetry.Config
}

// Log is the log in one bucket. It is safe for concurrent use, and any number
// of Logs in any number of processes may share a bucket.
type Log struct {
	store *worm.Store
	cfg   Config
	nonce string
	tiles *tiles
	watch watch

	queue   queue
	deriver deriver
	inbox   inbox
	floor   floor // where reading started; rows below are found by derived objects

	catching gate       // one walk to the head at a time
	mu       sync.Mutex // guards what follows
	walks    int64      // begun so far
	walked   int64      // the last one that got to the end
	chain    chain
	index    index
	recent   recent
	suspects []Finding // derived objects found wrong on the way
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
		watch: newWatch(cfg.Telemetry), catching: newGate(), chain: newChain(), index: newIndex(0),
	}
	l.deriver = deriver{log: l, turn: newGate(), closing: make(chan struct{})}
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

// wrote takes a commit of our own into what we know, and has its rows derived.
func (l *Log) wrote(ctx context.Context, d draft) {
	waiting := l.deriver.owing()
	l.mu.Lock()
	if d.number == l.index.commits()+1 {
		for _, r := range d.fresh {
			l.chain.step(r.ExportRowID, r.line)
		}
		l.index.add(d.fresh[0].ExportRowID, d.fresh)
		l.recent.add(d.fresh, maxRecent+waiting)
	}
	l.mu.Unlock()
	l.watch.wrote(ctx, d.fresh)
	l.deriver.wrote(d.fresh, trace.SpanContextFromContext(ctx))
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
	for _, f := range findings {
		if l.remember(f) {
			l.watch.found(f)
		}
	}
}

// remember reports whether a suspect is new.
func (l *Log) remember(f Finding) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.suspects) >= maxSuspects || slices.Contains(l.suspects, f) {
		return false
	}
	l.suspects = append(l.suspects, f)
	return true
}

// maxSuspects bounds what is remembered of derived objects found wrong.
const maxSuspects = 100
