package exportlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	gax "github.com/googleapis/gax-go/v2"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// contention is how long a loser of the race for a commit waits, with full
// jitter, before it tries the next.
func contention() *gax.Backoff {
	return &gax.Backoff{Initial: 2 * time.Millisecond, Max: time.Second, Multiplier: 2}
}

// commit writes a group of requests and tells each its outcome. It runs on its
// own clock: a caller that gives up does not cut off the others in its commit.
func (l *Log) commit(group []*request) {
	ctx, cancel := context.WithTimeout(onBehalfOf(group), l.cfg.Patience)
	defer cancel()
	d, err := l.race(ctx, group)
	l.queue.answer(len(group))
	for i, r := range group {
		switch {
		case err != nil:
			r.fail(err)
		case d.refused[i] != nil:
			r.fail(d.refused[i])
		default:
			r.done <- outcome{rows: d.results[i]}
		}
	}
	if err == nil && d.written {
		l.wrote(ctx, d) // while the callers go on
	}
}

// race drafts the next commit and gets it written, by itself or together with
// other writers, again and again until the rows are in.
func (l *Log) race(ctx context.Context, group []*request) (won draft, err error) {
	ctx, op := l.watch.Start(ctx, "commit rows", linkedTo(group))
	defer op.End(&err)
	shared := false // the last draft went into the inbox, and others may have taken it up
	for known := l.floor.isOpen(); ; {
		d, err := l.prepare(ctx, group, known)
		if err != nil && shared {
			return draft{}, l.upToOthers(err)
		}
		if err != nil {
			return draft{}, fmt.Errorf("nothing was appended: %w", err)
		}
		if len(d.body) == 0 {
			return d, nil
		}
		if shared = l.inbox.contended(); shared {
			d.propose()
			err = l.share(ctx, d)
		} else if err = l.compete(ctx, d); err == nil {
			d.written = true
			return d, nil
		}
		if err != nil && !errors.Is(err, worm.ErrExists) {
			if shared {
				err = l.upToOthers(err)
			}
			return draft{}, err
		}
		if err != nil {
			l.inbox.meet()
			l.watch.Again(ctx, "commit rows", commitKey(d.number), err)
		}
		known = l.commits() >= d.number // we have read or written it ourselves; are our rows in it?
	}
}

// upToOthers is the error of a writer that gives up rows which are in the inbox: it
// has not appended them, and another writer may.
func (l *Log) upToOthers(err error) error {
	if errors.Is(err, ErrOutcomeUnknown) {
		return err
	}
	return &UnknownOutcomeError{Object: commitKey(l.commits() + 1), Cause: err}
}

// prepare drafts a group onto the head, which is read first unless it is known.
func (l *Log) prepare(ctx context.Context, group []*request, known bool) (draft, error) {
	if !known {
		if err := l.readOn(ctx, 2); err != nil { // the one that was lost, and the next
			return draft{}, err
		}
	}
	return l.draftKnowing(ctx, group)
}

// draftKnowing drafts a group once all that the log has of it is known. When the
// base moves meanwhile, rows pass from what is covered to what was looked up: then
// it does so again.
func (l *Log) draftKnowing(ctx context.Context, group []*request) (draft, error) {
	for {
		base := l.floor.start().below()
		if err := l.refresh(ctx, group, base); err != nil {
			return draft{}, err
		}
		d, err := l.draft(ctx, group)
		if err != nil || l.floor.start().below() == base {
			return d, err
		}
	}
}

// refresh looks up again what was looked up before the base moved, all at once.
// Guests have looked for themselves, up to the commit that they propose for.
func (l *Log) refresh(ctx context.Context, group []*request, base int64) error {
	stale := slices.DeleteFunc(slices.Clone(group), func(r *request) bool { return r.guest || !r.known.stale(base) })
	if len(stale) == 0 {
		return nil
	}
	var rows []Row
	moves := map[int]int64{}
	for _, r := range stale {
		for i, export := range r.moves {
			moves[len(rows)+i] = export
		}
		rows = append(rows, r.rows...)
	}
	again, err := l.lookUp(ctx, rows, moves)
	for _, r := range stale {
		r.known = again
	}
	return err
}

// propose notes which rows of a draft others may take into the log for us.
func (d draft) propose() {
	for i, r := range d.group {
		if r.proposed == nil {
			r.proposed = map[int]bool{}
		}
		for j, a := range d.results[i] {
			if !a.Existing {
				r.proposed[j] = true
			}
		}
	}
}

// refusals is how often the store may plainly refuse a commit before it is
// believed.
const refusals = 3

// write puts a draft under its name, and the same bytes again for as long as
// the outcome is not known. The error matches worm.ErrExists when the place is
// another writer's.
func (l *Log) write(ctx context.Context, d draft) error {
	spec := worm.Spec{
		Size:        int64(len(d.body)),
		SHA256:      worm.Sum(d.body),
		Lock:        l.cfg.Lock(l.cfg.Clock().UTC()),
		ContentType: "application/jsonl",
	}
	wait := contention()
	unknown, refused := false, 0
	for {
		_, err := l.store.Put(ctx, commitKey(d.number), bytes.NewReader(d.body), spec)
		switch {
		case err == nil, errors.Is(err, worm.ErrExists):
			return err
		case errors.Is(err, worm.ErrOutcomeUnknown), ctx.Err() != nil:
			unknown = true
		case !errors.Is(err, worm.ErrConflict):
			refused++
		}
		if ours, settled := l.readBack(ctx, d); settled {
			return ours
		}
		if slept := gax.Sleep(ctx, wait.Pause()); slept == nil && (unknown || refused < refusals) {
			l.watch.Again(ctx, "commit rows", commitKey(d.number), err)
			continue
		}
		if unknown {
			return &UnknownOutcomeError{Object: commitKey(d.number), SHA256: spec.SHA256, Cause: err}
		}
		return fmt.Errorf("nothing was appended: %w", err)
	}
}

// readBack looks at what stands in a draft's place. It is settled when something
// does: nil if that is the draft, worm.ErrExists if not.
func (l *Log) readBack(ctx context.Context, d draft) (err error, settled bool) {
	s, err := readCommit(ctx, l.store, d.number)
	if err != nil || s.absent || s.bad != nil {
		return nil, false
	}
	if bytes.Equal(s.body, d.body) {
		return nil, true
	}
	return worm.ErrExists, true
}
