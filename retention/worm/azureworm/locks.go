package azureworm

import (
	"context"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/internal/relock"
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

// Extend implements [worm.Driver].
func (d *driver) Extend(ctx context.Context, ref worm.Ref, to retention.Lock) error {
	c, err := d.blob(ref)
	if err != nil {
		return err
	}
	return d.locks.Extend(ref.Key, to, relock.InForce(ctx, d, ref), func(_, to retention.Lock) error {
		mode := blob.ImmutabilityPolicySettingUnlocked
		if to.Mode == retention.Compliance {
			mode = blob.ImmutabilityPolicySettingLocked
		}
		_, err := c.SetImmutabilityPolicy(twice(ctx), to.Until, &blob.SetImmutabilityPolicyOptions{Mode: &mode})
		return classifyWrite(err)
	})
}

// SetLegalHold implements [worm.Driver].
func (d *driver) SetLegalHold(ctx context.Context, ref worm.Ref, on bool) error {
	c, err := d.blob(ref)
	if err != nil {
		return err
	}
	return d.locks.Hold(ref.Key, on, relock.InForce(ctx, d, ref), func() error {
		_, err := c.SetLegalHold(twice(ctx), on, nil)
		return classifyWrite(err)
	})
}

// twice has a request that may be repeated sent again once, soon.
func twice(ctx context.Context) context.Context {
	return policy.WithRetryOptions(ctx, policy.RetryOptions{MaxRetries: 1, RetryDelay: 200 * time.Millisecond})
}
