package exportlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// The bounds of what Follow has in hand.
const (
	followCommits = 16   // commits read and copied together
	followRows    = 4096 // rows copied before what is derived from them is written
)

// Followed is what Follow did.
type Followed struct {
	Head    Head  // of the copy, now
	Commits int64 // that were copied
	Rows    int64 // in these
}

// Follow makes this log a copy of another one, in another bucket: the commits that the
// other has and this one has not are put here under the same names, byte for byte and in
// order, each under a lock at least as strong as it has there, and what is derived is
// derived anew. Nothing is written to the other log. A copy is only ever followed up:
// rows must not be appended to it.
//
// First the other log is held to this one. If it has fewer rows than the copy, its end
// was cut off; if it has others, it was rewritten: either is a [DamagedError], as is a
// commit that does not continue the rows before it, and none of it is copied.
//
// Before is called with the rows of commits that are about to be copied, a few commits at
// a time, to copy what the rows point to; its error ends the copying before these rows
// are here. So a copy that was cut off anywhere has no row without its evidence, and the
// same call goes on where it ended. Logs that are in step cost one request each, and two
// listings for checkpoints: where Config.Checkpoints has a key, those of the other log are
// copied too, up to the rows that are here.
func (l *Log) Follow(ctx context.Context, other *Log, before func(context.Context, []Row) error) (Followed, error) {
	f := follower{copy: l, other: other, before: before}
	err := f.follow(ctx)
	if err == nil {
		err = f.checkpoints(ctx)
	}
	if err != nil {
		return f.done, fmt.Errorf("exportlog: follow: %w", err)
	}
	return f.done, nil
}

// follower copies commits from one log to another.
type follower struct {
	copy, other *Log
	before      func(context.Context, []Row) error
	done        Followed
	unsealed    int64 // rows copied whose derived objects are not written
}

func (f *follower) follow(ctx context.Context) error {
	if _, err := f.copy.current(ctx); err != nil {
		return fmt.Errorf("the copy: %w", err)
	}
	if _, err := f.other.current(ctx); err != nil {
		return err
	}
	if err := f.copy.heldBy(ctx, f.other); err != nil {
		return err
	}
	last := f.other.commits()
	for n := f.copy.commits() + 1; n <= last; n += followCommits {
		if err := f.commits(ctx, n, min(n+followCommits-1, last)); err != nil {
			return err
		}
		if f.unsealed >= followRows {
			if err := f.seal(ctx); err != nil {
				return err
			}
		}
	}
	if f.done.Commits > 0 {
		if err := f.seal(ctx); err != nil {
			return err
		}
	}
	view, err := f.copy.view(ctx)
	f.done.Head = view.head
	return err
}

func (f *follower) seal(ctx context.Context) error {
	f.unsealed = 0
	return f.copy.Seal(ctx)
}

// heldBy checks that another log goes on from this one.
func (l *Log) heldBy(ctx context.Context, other *Log) error {
	mine, err := l.view(ctx)
	if err != nil {
		return err
	}
	theirs, err := other.view(ctx)
	if err != nil {
		return err
	}
	err = theirs.continues(Checkpoint{Size: mine.head.Size, Root: mine.head.Root})
	var damaged *DamagedError
	if errors.As(err, &damaged) {
		for i := range damaged.Findings {
			damaged.Findings[i].Object = commitKey(l.commits())
			damaged.Findings[i].Problem = "the copy " + damaged.Findings[i].Problem
		}
	}
	return err
}

// commits copies commits from one to another: first what their rows point to.
func (f *follower) commits(ctx context.Context, from, to int64) error {
	bodies, err := readCommits(ctx, f.other.readCommit, from, int(to-from+1))
	if err != nil {
		return err
	}
	rows, err := f.continued(from, bodies)
	if err != nil {
		return err
	}
	if err := f.before(ctx, rows); err != nil {
		return err
	}
	locks, err := f.locks(ctx, from, to)
	if err != nil {
		return err
	}
	for i, s := range bodies {
		if err := f.put(ctx, from+int64(i), s, locks[i]); err != nil {
			return err
		}
	}
	f.done.Rows, f.unsealed = f.done.Rows+int64(len(rows)), f.unsealed+int64(len(rows))
	return nil
}

// continued returns the rows of commits that continue what the copy has.
func (f *follower) continued(from int64, bodies []stored) ([]Row, error) {
	f.copy.mu.Lock()
	probe := f.copy.chain
	probe.tree = must(treeAt(probe.tree.size, &probe.tree))
	f.copy.mu.Unlock()
	var rows []Row
	for i, s := range bodies {
		if s.absent {
			s.bad = errMissing
		}
		rows = append(rows, probe.fold(from+int64(i), s, nil)...)
	}
	if probe.damaged() {
		return nil, &DamagedError{Findings: probe.findings}
	}
	return rows, nil
}

// locks returns what commits are to be locked with: as they are in the other bucket, and
// no less than a commit is here.
func (f *follower) locks(ctx context.Context, from, to int64) ([]retention.Lock, error) {
	numbers := make([]int64, to-from+1)
	for i := range numbers {
		numbers[i] = from + int64(i)
	}
	least := f.copy.cfg.Lock(f.copy.cfg.Clock().UTC())
	return inParallel(ctx, numbers, func(ctx context.Context, n int64) (retention.Lock, error) {
		o, err := f.other.store.State(ctx, worm.Ref{Key: commitKey(n)})
		lock := retention.Stronger(o.Lock, least)
		if f.copy.store.Capabilities().Retention == worm.Absent {
			lock = least // whoever opened the copy allows for that
		}
		return lock, err
	})
}

func (f *follower) put(ctx context.Context, n int64, s stored, lock retention.Lock) error {
	spec := worm.Spec{Size: int64(len(s.body)), SHA256: worm.Sum(s.body), Lock: lock, ContentType: "application/jsonl"}
	_, err := f.copy.store.Put(ctx, commitKey(n), bytes.NewReader(s.body), spec)
	if errors.Is(err, worm.ErrExists) {
		return &DamagedError{Findings: []Finding{{Kind: Forked, Object: commitKey(n), Problem: "the copy has another commit under this number: somebody else writes to it"}}}
	}
	if err != nil {
		return err
	}
	f.copy.learn(n, s)
	f.done.Commits++
	return nil
}

// checkpoints copies what was signed over the rows that are here.
func (f *follower) checkpoints(ctx context.Context) error {
	if f.copy.cfg.Checkpoints == nil {
		return nil
	}
	have := map[string]bool{}
	for e, err := range f.copy.store.List(ctx, checkpointPrefix) {
		if err != nil {
			return err
		}
		have[e.Ref.Key] = true
	}
	for e, err := range f.other.store.List(ctx, checkpointPrefix) {
		if err != nil {
			return err
		}
		size, ok := checkpointSize(e.Ref.Key)
		if !ok || size > f.done.Head.Size || have[e.Ref.Key] {
			continue
		}
		if err := f.checkpoint(ctx, e.Ref.Key); err != nil {
			return err
		}
	}
	return nil
}

// checkpoint copies one that the key has signed, and that these rows bear out.
func (f *follower) checkpoint(ctx context.Context, key string) error {
	c, err := f.copy.cfg.Checkpoints.read(ctx, f.other.store, key)
	if errors.Is(err, ErrNoProof) {
		return &DamagedError{Findings: []Finding{{Kind: BadCheckpoint, Object: key, Problem: err.Error()}}}
	}
	if err != nil {
		return err
	}
	view, err := f.copy.view(ctx)
	if err != nil {
		return err
	}
	if err := view.continues(c); err != nil {
		return err
	}
	return f.copy.putCheckpoint(ctx, c)
}
