package s3worm

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/internal/relock"
)

// until is a lock's date as requests want it.
func until(l retention.Lock) *time.Time {
	if l.Until.IsZero() {
		return nil
	}
	return &l.Until
}

// lock reads the lock of a version. HEAD leaves it out where the caller may not see
// it, and some stores leave it out of versions that something hides; so where
// HEAD shows none, it is asked for by name.
func (d *driver) lock(ctx context.Context, ref worm.Ref, head *s3.HeadObjectOutput) (retention.Lock, error) {
	l := lockOf(head.ObjectLockMode, head.ObjectLockRetainUntilDate)
	l.LegalHold = head.ObjectLockLegalHoldStatus == types.ObjectLockLegalHoldStatusOn
	if l != (retention.Lock{}) || !d.objectLock.Load() {
		return l, nil
	}
	const none = "NoSuchObjectLockConfiguration"
	kept, err := d.client.GetObjectRetention(ctx, &s3.GetObjectRetentionInput{Bucket: &d.bucket, Key: d.key(ref.Key), VersionId: version(ref.Version)})
	if err != nil && !is(err, none) {
		return l, fmt.Errorf("ask for the retention (needs s3:GetObjectRetention): %w", classify(err))
	}
	if err == nil && kept.Retention != nil {
		l = lockOf(types.ObjectLockMode(kept.Retention.Mode), kept.Retention.RetainUntilDate)
	}
	held, err := d.client.GetObjectLegalHold(ctx, &s3.GetObjectLegalHoldInput{Bucket: &d.bucket, Key: d.key(ref.Key), VersionId: version(ref.Version)})
	if err != nil && !is(err, none) {
		return l, fmt.Errorf("ask for the legal hold (needs s3:GetObjectLegalHold): %w", classify(err))
	}
	l.LegalHold = err == nil && held.LegalHold != nil && held.LegalHold.Status == types.ObjectLockLegalHoldStatusOn
	return l, nil
}

func lockOf(mode types.ObjectLockMode, until *time.Time) retention.Lock {
	switch mode {
	case types.ObjectLockModeGovernance:
		return retention.Lock{Mode: retention.Governance, Until: aws.ToTime(until).UTC()}
	case types.ObjectLockModeCompliance:
		return retention.Lock{Mode: retention.Compliance, Until: aws.ToTime(until).UTC()}
	}
	return retention.Lock{}
}

// Extend implements [worm.Driver].
func (d *driver) Extend(ctx context.Context, ref worm.Ref, to retention.Lock) error {
	return d.locks.Extend(ref.Key, to, relock.InForce(ctx, d, ref), func(have, to retention.Lock) error {
		return classifyWrite(d.putRetention(ctx, ref, have, to))
	})
}

// SetLegalHold implements [worm.Driver].
func (d *driver) SetLegalHold(ctx context.Context, ref worm.Ref, on bool) error {
	status := types.ObjectLockLegalHoldStatusOff
	if on {
		status = types.ObjectLockLegalHoldStatusOn
	}
	return d.locks.Hold(ref.Key, on, relock.InForce(ctx, d, ref), func() error {
		_, err := d.client.PutObjectLegalHold(ctx, &s3.PutObjectLegalHoldInput{
			Bucket: &d.bucket, Key: d.key(ref.Key), VersionId: version(ref.Version), LegalHold: &types.ObjectLockLegalHold{Status: status},
		})
		return classifyWrite(err)
	})
}

// putRetention sets a lock that covers the one in force. Raising governance to
// compliance counts as changing the mode, for which S3 wants the bypass permission;
// nothing else is ever asked to be bypassed.
func (d *driver) putRetention(ctx context.Context, ref worm.Ref, have, to retention.Lock) error {
	in := &s3.PutObjectRetentionInput{
		Bucket: &d.bucket, Key: d.key(ref.Key), VersionId: version(ref.Version),
		Retention: &types.ObjectLockRetention{Mode: types.ObjectLockRetentionMode(mode(to)), RetainUntilDate: until(to)},
	}
	_, err := d.client.PutObjectRetention(ctx, in)
	if err == nil || have.Mode != retention.Governance || to.Mode != retention.Compliance {
		return err
	}
	in.BypassGovernanceRetention = aws.Bool(true)
	if _, err = d.client.PutObjectRetention(ctx, in); err != nil {
		return fmt.Errorf("raising governance to compliance needs s3:BypassGovernanceRetention: %w", err)
	}
	return nil
}
