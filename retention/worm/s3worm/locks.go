package s3worm

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
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

// extendTries is how often a lock is put that another writer's then lay over.
const extendTries = 5

// Extend implements [worm.Driver]. What the store says is not taken for granted:
// the state is read back, and put again if another writer's weaker lock has come
// out on top. Within one process extensions of one object wait for each other;
// between processes they are as atomic as the store makes them.
func (d *driver) Extend(ctx context.Context, ref worm.Ref, to retention.Lock) error {
	defer d.lockStripe(ref.Key)()
	have, err := d.State(ctx, ref)
	for try := 1; err == nil; try++ {
		to.LegalHold = have.Lock.LegalHold
		switch {
		case !to.Covers(have.Lock):
			return fmt.Errorf("%w: %s is in force", worm.ErrWouldWeaken, have.Lock)
		case have.Lock.Covers(to):
			return nil
		}
		refused := d.putRetention(ctx, ref, have.Lock, to)
		before := have.Lock
		if have, err = d.State(ctx, ref); err != nil {
			return fmt.Errorf("read the lock back: %w", errors.Join(err, refused))
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

// lockStripe waits for whoever changes the lock of the same object, or one that
// happens to share its stripe, and returns how to let the next one in.
func (d *driver) lockStripe(key string) (unlock func()) {
	m := &d.stripes[maphash.String(d.seed, key)%uint64(len(d.stripes))]
	m.Lock()
	return m.Unlock
}

// SetLegalHold implements [worm.Driver].
func (d *driver) SetLegalHold(ctx context.Context, ref worm.Ref, on bool) error {
	defer d.lockStripe(ref.Key)()
	to := types.ObjectLockLegalHoldStatusOff
	if on {
		to = types.ObjectLockLegalHoldStatusOn
	}
	_, err := d.client.PutObjectLegalHold(ctx, &s3.PutObjectLegalHoldInput{
		Bucket: &d.bucket, Key: d.key(ref.Key), VersionId: version(ref.Version), LegalHold: &types.ObjectLockLegalHold{Status: to},
	})
	have, stateErr := d.State(ctx, ref)
	if stateErr != nil {
		return fmt.Errorf("read the hold back: %w", stateErr)
	}
	switch {
	case have.Lock.LegalHold == on:
		return nil
	case err != nil:
		return classifyWrite(err)
	}
	return fmt.Errorf("%w: the store reported success, and the legal hold is %t", worm.ErrOutcomeUnknown, have.Lock.LegalHold)
}
