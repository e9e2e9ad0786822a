// Package relock changes locks on stores where the last writer's lock stands,
// whoever's that is: it looks before, looks again after, and within one process
// keeps changes to one object apart. Between processes a change is as atomic as
// the store makes it.
package relock

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"sync"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// tries is how often a lock is set that another writer's then lay over.
const tries = 5

// Keeper changes the locks of one bucket. It is safe for concurrent use.
type Keeper struct {
	seed    maphash.Seed
	stripes [64]sync.Mutex
}

// New returns a keeper.
func New() *Keeper { return &Keeper{seed: maphash.MakeSeed()} }

// wait lets one change at a time to an object through, or to those that happen to
// share its stripe, and returns how to let the next one in.
func (k *Keeper) wait(key string) (next func()) {
	m := &k.stripes[maphash.String(k.seed, key)%uint64(len(k.stripes))]
	m.Lock()
	return m.Unlock
}

// InForce reads the lock of a version, each time it is called.
func InForce(ctx context.Context, d worm.Objects, ref worm.Ref) (state func() (retention.Lock, error)) {
	return func() (retention.Lock, error) {
		o, err := d.State(ctx, ref)
		return o.Lock, err
	}
}

// Extend makes a lock as long and strict as to, whose hold is ignored. It sets the
// lock, given the one in force, and believes nothing but the state: one that has
// not changed means that set failed for its own reason, one that is weaker that
// another writer came last, and then it is set again. Less than what is in force is
// [worm.ErrWouldWeaken].
func (k *Keeper) Extend(key string, to retention.Lock, state func() (retention.Lock, error), set func(have, to retention.Lock) error) error {
	defer k.wait(key)()
	have, err := state()
	for range tries {
		if err != nil {
			return err
		}
		to.LegalHold = have.LegalHold
		switch {
		case !to.Covers(have):
			return fmt.Errorf("%w: %s is in force", worm.ErrWouldWeaken, have)
		case have.Covers(to):
			return nil
		}
		before, refused := have, set(have, to)
		if have, err = state(); err != nil {
			return fmt.Errorf("read the lock back: %w", errors.Join(err, refused))
		}
		if refused != nil && have == before {
			return refused
		}
	}
	if to.LegalHold = have.LegalHold; have.Covers(to) {
		return nil
	}
	return fmt.Errorf("%w: other writers' changes were always last; %s is in force", worm.ErrConflict, have)
}

// Hold sets or releases a legal hold, and believes nothing but the state.
func (k *Keeper) Hold(key string, on bool, state func() (retention.Lock, error), set func() error) error {
	defer k.wait(key)()
	refused := set()
	have, err := state()
	switch {
	case err != nil:
		return fmt.Errorf("read the hold back: %w", errors.Join(err, refused))
	case have.LegalHold == on:
		return nil
	case refused != nil:
		return refused
	}
	return fmt.Errorf("%w: the store reported success, and the legal hold is %t", worm.ErrOutcomeUnknown, have.LegalHold)
}
