package archive

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// posture is how an object is kept, by the bucket's word and not by what was asked.
type posture struct {
	ref   worm.Ref
	lock  retention.Lock
	by    string // how it is known
	cause error  // why it is not known; nil if it is
}

// How a posture is known.
const (
	byAnswer = "answer"
	byRead   = "read"
)

// postureOf finds out how a stored object is kept: from what the bucket said when it
// took it, if it said so, and by one request otherwise. An error means that it could
// not be reached; one that is reached and does not tell is a posture that is unknown.
func (a *Archive) postureOf(ctx context.Context, stored worm.Stored) (posture, error) {
	if stored.Observed {
		return posture{ref: stored.Ref, lock: stored.Lock, by: byAnswer}, nil
	}
	have, err := a.store.State(ctx, worm.Ref{Key: stored.Ref.Key})
	if err == nil && have.Ref.Version != stored.Ref.Version { // something lies over it already
		have, err = a.store.State(ctx, stored.Ref)
	}
	if err != nil && unreachable(err) {
		return posture{}, fmt.Errorf("read back the lock of %s: %w", stored.Ref, err)
	}
	return posture{ref: stored.Ref, lock: have.Lock, by: byRead, cause: err}, nil
}

// covers refuses a posture that is not known to be at least as strong as wanted.
func (p posture) covers(want retention.Lock) error {
	switch {
	case (retention.Lock{}).Covers(want):
		return nil
	case p.cause != nil:
		return fmt.Errorf("%w: whether %s is under %s is unknown, which never counts as safe: let the exporter read locks: %w", ErrNotLocked, p.ref, want, p.cause)
	case !p.lock.Covers(want):
		return fmt.Errorf("%w: %s was stored to be under %s, and the bucket says that it is under %s: something between here and there drops locks; there is no export",
			ErrNotLocked, p.ref, want, p.lock)
	}
	return nil
}

// observed is a posture as the manifest states it.
func (p posture) observed() *manifest.Observed {
	o := &manifest.Observed{Mode: manifest.Unknown, LegalHold: manifest.Unknown, Version: p.ref.Version, By: p.by}
	if p.cause != nil {
		return o
	}
	o.Mode, o.LegalHold = string(retention.None), "off"
	if !p.lock.Until.IsZero() {
		until := p.lock.Until.UTC()
		o.Mode, o.RetainUntilUTC = string(p.lock.Mode), &until
	}
	if p.lock.LegalHold {
		o.LegalHold = "on"
	}
	return o
}

// observe notes how the objects of a packet, its own document first, are kept. If that
// is less than was decided it is an error or, where that is wanted, the export promises
// no more than what was seen, and says so.
func (a *Archive) observe(ctx context.Context, it *item, stored []worm.Stored) error {
	postures := make([]posture, len(stored))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallelChecks)
	for i := range stored {
		g.Go(func() (err error) {
			postures[i], err = a.postureOf(ctx, stored[i])
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	want := it.decision.lock
	for i, p := range postures {
		if i == 0 {
			it.signed.Document.Observed = p.observed()
		} else {
			it.signed.Exhibits[i-1].Observed = p.observed()
		}
		err := p.covers(want)
		if err != nil && !a.unsafe {
			return err
		}
		if err != nil {
			it.decision.lock = retention.Lock{Mode: retention.None}
			it.decision.reasons = append(it.decision.reasons, fmt.Sprintf("UNSAFE: %s is NOT locked: %s was asked for; what the bucket says is under observed", it.objectName(i), want))
		}
	}
	return nil
}

// objectName is the name of a packet's ith object.
func (it *item) objectName(i int) string {
	return append([]manifest.Object{it.signed.Document}, it.signed.Exhibits...)[i].Name
}

// observedSince is an earlier manifest's packet, with the observations of now wherever
// those bear out the earlier ones.
func observedSince(had, now manifest.Packet) manifest.Packet {
	if len(had.Exhibits) != len(now.Exhibits) {
		return had
	}
	had.Exhibits = slices.Clone(had.Exhibits)
	if bearsOut(now.Document.Observed, had.Document.Observed) {
		had.Document.Observed = now.Document.Observed
	}
	for i := range had.Exhibits {
		if bearsOut(now.Exhibits[i].Observed, had.Exhibits[i].Observed) {
			had.Exhibits[i].Observed = now.Exhibits[i].Observed
		}
	}
	return had
}

func bearsOut(now, had *manifest.Observed) bool {
	if now == nil || had == nil || now.Mode == manifest.Unknown || had.Mode == manifest.Unknown || now.Version != had.Version {
		return false
	}
	return lockSeen(now).Covers(lockSeen(had))
}

func lockSeen(o *manifest.Observed) retention.Lock {
	return retention.Lock{Mode: retention.Mode(o.Mode), Until: value(o.RetainUntilUTC), LegalHold: o.LegalHold == "on"}
}
