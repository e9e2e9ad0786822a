package gcsworm

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cloud.google.com/go/storage"
	gax "github.com/googleapis/gax-go/v2"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// The modes of an object's retention, as the service spells them.
const (
	unlockedMode = "Unlocked"
	lockedMode   = "Locked"
)

func retentionOf(l retention.Lock) *storage.ObjectRetention {
	switch l.Mode {
	case retention.Governance:
		return &storage.ObjectRetention{Mode: unlockedMode, RetainUntil: l.Until}
	case retention.Compliance:
		return &storage.ObjectRetention{Mode: lockedMode, RetainUntil: l.Until}
	}
	return nil
}

func lockOf(attrs *storage.ObjectAttrs) retention.Lock {
	l := retention.Lock{LegalHold: attrs.TemporaryHold || attrs.EventBasedHold}
	if attrs.Retention == nil {
		return l
	}
	l.Mode, l.Until = retention.Governance, attrs.Retention.RetainUntil.UTC()
	if attrs.Retention.Mode == lockedMode {
		l.Mode = retention.Compliance
	}
	return l
}

// changeTries is how often a change is tried on a metageneration that another
// writer has replaced by then.
const changeTries = 12

// Extend implements [worm.Driver]. The change holds for the metageneration that
// was looked at and no other, so nobody's extension is lost to another's.
func (d *driver) Extend(ctx context.Context, ref worm.Ref, to retention.Lock) error {
	return d.change(ctx, ref, func(have retention.Lock) (*storage.ObjectAttrsToUpdate, bool, error) {
		to.LegalHold = have.LegalHold
		switch {
		case !to.Covers(have):
			return nil, false, fmt.Errorf("%w: %s is in force", worm.ErrWouldWeaken, have)
		case have.Covers(to):
			return nil, false, nil
		}
		// Locking what was unlocked is a change of mode, which wants to be said.
		return &storage.ObjectAttrsToUpdate{Retention: retentionOf(to)}, have.Mode == retention.Governance && to.Mode == retention.Compliance, nil
	})
}

// SetLegalHold implements [worm.Driver]. An event-based hold that somebody else
// set is not released.
func (d *driver) SetLegalHold(ctx context.Context, ref worm.Ref, on bool) error {
	return d.change(ctx, ref, func(have retention.Lock) (*storage.ObjectAttrsToUpdate, bool, error) {
		if have.LegalHold == on {
			return nil, false, nil
		}
		return &storage.ObjectAttrsToUpdate{TemporaryHold: on}, false, nil
	})
}

// change looks at a lock, decides what to change, and changes it, until what it
// looks at needs no change: the state is read back rather than believed.
func (d *driver) change(ctx context.Context, ref worm.Ref, decide func(retention.Lock) (*storage.ObjectAttrsToUpdate, bool, error)) error {
	wait := gax.Backoff{Initial: 5 * time.Millisecond, Max: time.Second, Multiplier: 2}
	var refused error
	for try := 0; ; try++ {
		attrs, err := d.attrs(ctx, ref)
		if err != nil {
			return errors.Join(err, refused)
		}
		update, override, err := decide(lockOf(attrs))
		switch {
		case update == nil || err != nil:
			return err
		case try == changeTries && refused == nil:
			return fmt.Errorf("%w: the service reported success, and the lock has not changed", worm.ErrUnsupported)
		case try == changeTries:
			return refused
		}
		if refused = d.update(ctx, ref, attrs, *update, override); refused == nil {
			continue
		}
		if !errors.Is(refused, worm.ErrConflict) && !errors.Is(refused, worm.ErrOutcomeUnknown) {
			return refused
		}
		if gax.Sleep(ctx, wait.Pause()) != nil {
			return refused
		}
	}
}

// update changes the metageneration that was looked at. Another in its place is
// worm.ErrConflict.
func (d *driver) update(ctx context.Context, ref worm.Ref, attrs *storage.ObjectAttrs, to storage.ObjectAttrsToUpdate, override bool) error {
	o := d.bucket.Object(d.prefix + ref.Key).Generation(attrs.Generation).If(storage.Conditions{MetagenerationMatch: attrs.Metageneration})
	if override {
		o = o.OverrideUnlockedRetention(true)
	}
	_, err := o.Update(ctx, to)
	if err = classifyWrite(err); errors.Is(err, worm.ErrExists) {
		return fmt.Errorf("%w: the lock was changed meanwhile: %w", worm.ErrConflict, err)
	}
	return err
}
