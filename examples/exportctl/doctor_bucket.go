package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// probeKey is the one object that doctor writes, and probeText all there ever is in it.
const (
	probeKey  = "doctor/probe.txt"
	probeText = "exportctl doctor was here, and found that it may write. This is no evidence.\n"
)

// probeLock is the shortest lock that shows that locks may be set.
func probeLock(caps worm.Capabilities, now time.Time) retention.Lock {
	if caps.Retention == worm.Absent {
		return retention.Lock{}
	}
	return retention.Lock{Mode: retention.Governance, Until: now.Add(time.Minute).UTC().Truncate(time.Second)}
}

// examineBucket looks at the bucket, and returns it if it can be reached.
func (t *tool) examineBucket(ctx context.Context, e *examination, readOnly bool) *worm.Store {
	began := time.Now()
	store, err := t.store(ctx)
	if err != nil {
		e.closed = e.fail("reachable", err)
		e.say("permissions", skipped, "not looked at: the bucket cannot be reached", "")
		return nil
	}
	e.say("reachable", well, fmt.Sprintf("it answered in %.0f ms", float64(time.Since(began).Microseconds())/1000), "")
	e.say("may list", well, "the log's commits", "")
	last := t.examineReading(ctx, e, store)
	stored := time.Time{}
	switch {
	case readOnly:
		e.skipWriting("not tried: --read-only")
	case e.closed != 0:
		e.skipWriting("not tried: the bucket fell silent")
	default:
		stored = t.examineWriting(ctx, e, store)
	}
	caps := store.Capabilities()
	t.examineLocks(e, caps)
	if e.closed == 0 {
		t.examineUploads(ctx, e, store)
	}
	t.examineClock(ctx, e, last, stored)
	return store
}

func (e *examination) skipWriting(why string) {
	e.say("may create and lock", skipped, why, "")
	e.say("create-only", skipped, why, "")
}

// examineReading reads the end of the log, and returns when its last row was recorded.
func (t *tool) examineReading(ctx context.Context, e *examination, store *worm.Store) time.Time {
	ctx, cancel := firstAnswer(ctx, "the bucket")
	defer cancel()
	log := exportlog.Open(store, exportlog.Config{})
	head, err := log.Head(ctx)
	if err != nil {
		e.stall("may read", overdue(ctx, err))
		return time.Time{}
	}
	if head.Size == 0 {
		e.say("may read", well, "the log has no rows yet", "")
		return time.Time{}
	}
	var row exportlog.Row
	for last, err := range log.Rows(ctx, head.Size) {
		if err != nil {
			e.stall("may read", overdue(ctx, err))
			return time.Time{}
		}
		row = last
	}
	e.say("may read", well, fmt.Sprintf("the log has %d rows, the last of %s", head.Size, moment(row.RecordedAtUTC)), "")
	return row.RecordedAtUTC
}

// examineWriting writes the probe, and tries to write another one over it. It returns
// when the bucket says that it took the probe, if it was now.
func (t *tool) examineWriting(ctx context.Context, e *examination, store *worm.Store) time.Time {
	ctx, cancel := firstAnswer(ctx, "the bucket")
	defer cancel()
	lock := probeLock(store.Capabilities(), time.Now())
	stored, err := store.Put(ctx, probeKey, strings.NewReader(probeText), worm.Spec{
		Size: int64(len(probeText)), SHA256: worm.Sum([]byte(probeText)), Lock: lock, ContentType: "text/plain",
	})
	if errors.Is(err, worm.ErrUnsupported) {
		e.say("may create and lock", skipped, "not known: the bucket is not create-only", "")
		e.say("create-only", broken, t.briefly(err), "Use a store that honours If-None-Match: without it, one export overwrites another.")
		return time.Time{}
	}
	if err != nil {
		e.stall("may create and lock", overdue(ctx, err))
		e.say("create-only", skipped, "not known: nothing can be written", "")
		return time.Time{}
	}
	state, err := store.State(ctx, stored.Ref)
	switch {
	case err != nil:
		e.stall("may read locks", overdue(ctx, err))
	case !state.Lock.Covers(lock):
		e.say("may create and lock", broken, fmt.Sprintf("the bucket took a lock, and then said that %s is %s", probeKey, state.Lock),
			"Enable object lock on the bucket, or have whoever runs the store look at it: exports would be refused.")
	case store.Capabilities().Retention == worm.Absent:
		e.say("may create and lock", well, "it may create; there are no locks to set", "")
	default:
		e.say("may create and lock", well, "and the bucket says so: "+state.Lock.String(), "")
	}
	e.Leaves = fmt.Sprintf("%s, %d bytes, %s", probeKey, len(probeText), state.Lock)
	t.examineCreateOnly(ctx, e, store)
	if stored.Created {
		return state.StoredAt
	}
	return time.Time{}
}

// examineCreateOnly tries to put other bytes where the probe lies. The store's driver has
// refused to go on before that if it knows that the bucket would take them.
func (t *tool) examineCreateOnly(ctx context.Context, e *examination, store *worm.Store) {
	other := []byte("This must never be stored: " + probeKey + " is taken.\n")
	_, err := store.Put(ctx, probeKey, bytes.NewReader(other), worm.Spec{Size: int64(len(other)), SHA256: worm.Sum(other)})
	switch {
	case errors.Is(err, worm.ErrExists):
		e.say("create-only", well, "it refused to overwrite "+probeKey, "")
	case err != nil:
		e.stall("create-only", overdue(ctx, err))
	default:
		e.say("create-only", broken, "it took other bytes for "+probeKey, "Use a store that honours conditional writes: without them, one export overwrites another.")
	}
}

// examineLocks says what the bucket's promises rest on.
func (t *tool) examineLocks(e *examination, caps worm.Capabilities) {
	recorded := "this library honours it, and whoever can write to the directory can get round it: for evidence, use a bucket with object lock"
	todo := map[health]string{minded: recorded, broken: caps.Advice}
	found := map[worm.Enforcement]string{worm.Enforced: "the bucket enforces it", worm.Recorded: "recorded beside the object, not enforced", worm.Absent: "the bucket cannot"}
	versions := well
	switch {
	case caps.Versions:
		e.say("versions", versions, "each is kept, and can be read by its id", "")
	case caps.Retention == worm.Recorded:
		e.say("versions", minded, "a directory has none", "")
	case caps.Retention == worm.Absent:
		e.say("versions", broken, "they are not enabled", caps.Advice)
	default:
		e.say("versions", minded, "they are not enabled", "Enable versioning: a version that is pinned cannot be hidden.")
	}
	for _, promise := range []struct {
		name string
		is   worm.Enforcement
	}{{"retention", caps.Retention}, {"legal hold", caps.LegalHold}} {
		state := enforcement(promise.is)
		if state == broken && t.shared.unlocked {
			state = minded
		}
		e.say(promise.name, state, found[promise.is], todo[enforcement(promise.is)])
	}
}
