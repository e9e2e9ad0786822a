package azureworm

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// lockOf reads the lock that a blob's properties report.
func lockOf(props blob.GetPropertiesResponse) retention.Lock {
	l := retention.Lock{LegalHold: props.LegalHold != nil && *props.LegalHold}
	if props.ImmutabilityPolicyMode == nil || props.ImmutabilityPolicyExpiresOn == nil {
		return l
	}
	switch *props.ImmutabilityPolicyMode {
	case blob.ImmutabilityPolicyModeLocked:
		l.Mode = retention.Compliance
	case blob.ImmutabilityPolicyModeUnlocked:
		l.Mode = retention.Governance
	default:
		return l
	}
	l.Until = props.ImmutabilityPolicyExpiresOn.UTC()
	return l
}

// extendTries is how often a policy is set that another writer's then lay over.
const extendTries = 5

// Extend implements [worm.Driver]. What the service says is not taken for
// granted: the policy is read back, and set again if another writer's weaker one
// has come out on top.
func (d *driver) Extend(ctx context.Context, ref worm.Ref, to retention.Lock) error {
	defer d.lockStripe(ref.Key)()
	c, err := d.blob(ref)
	if err != nil {
		return err
	}
	have, err := d.State(ctx, ref)
	for try := 1; err == nil; try++ {
		to.LegalHold = have.Lock.LegalHold
		switch {
		case !to.Covers(have.Lock):
			return fmt.Errorf("%w: %s is in force", worm.ErrWouldWeaken, have.Lock)
		case have.Lock.Covers(to):
			return nil
		}
		mode := blob.ImmutabilityPolicySettingUnlocked
		if to.Mode == retention.Compliance {
			mode = blob.ImmutabilityPolicySettingLocked
		}
		_, refused := c.SetImmutabilityPolicy(twice(ctx), to.Until, &blob.SetImmutabilityPolicyOptions{Mode: &mode})
		before := have.Lock
		if have, err = d.State(ctx, ref); err != nil {
			return fmt.Errorf("read the policy back: %w", errors.Join(err, refused))
		}
		if refused != nil && have.Lock == before {
			return classifyWrite(refused)
		}
		if to.LegalHold = have.Lock.LegalHold; !have.Lock.Covers(to) && to.Covers(have.Lock) && try == extendTries {
			return fmt.Errorf("%w: other writers' changes were always last; %s is in force", worm.ErrConflict, have.Lock)
		}
	}
	return err
}

// twice has a request that may be repeated sent again once, soon.
func twice(ctx context.Context) context.Context {
	return policy.WithRetryOptions(ctx, policy.RetryOptions{MaxRetries: 1, RetryDelay: 200 * time.Millisecond})
}

// SetLegalHold implements [worm.Driver].
func (d *driver) SetLegalHold(ctx context.Context, ref worm.Ref, on bool) error {
	defer d.lockStripe(ref.Key)()
	c, err := d.blob(ref)
	if err != nil {
		return err
	}
	_, refused := c.SetLegalHold(twice(ctx), on, nil)
	have, err := d.State(ctx, ref)
	switch {
	case err != nil:
		return fmt.Errorf("read the hold back: %w", errors.Join(err, refused))
	case have.Lock.LegalHold == on:
		return nil
	case refused != nil:
		return classifyWrite(refused)
	}
	return fmt.Errorf("%w: the service reported success, and the legal hold is %t", worm.ErrOutcomeUnknown, have.Lock.LegalHold)
}

// lockStripe waits for whoever changes the lock of the same blob, or one that
// happens to share its stripe, and returns how to let the next one in.
func (d *driver) lockStripe(key string) (unlock func()) {
	m := &d.stripes[maphash.String(d.seed, key)%uint64(len(d.stripes))]
	m.Lock()
	return m.Unlock
}
