package s3worm

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

const advice = "make the bucket with object lock (aws s3api create-bucket --object-lock-enabled-for-bucket), or enable versioning and then object lock on it"

// Capabilities implements [worm.Driver].
func (d *driver) Capabilities(ctx context.Context) (worm.Capabilities, error) {
	caps := worm.Capabilities{Retention: worm.Absent, LegalHold: worm.Absent, Advice: advice}
	versioning, err := d.client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &d.bucket})
	if err != nil {
		return caps, fmt.Errorf("ask for versioning (needs s3:GetBucketVersioning): %w", classify(err))
	}
	caps.Versions = versioning.Status == types.BucketVersioningStatusEnabled
	lock, err := d.client.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: &d.bucket})
	if is(err, "ObjectLockConfigurationNotFoundError", "NotImplemented") {
		return caps, nil
	}
	if err != nil {
		return caps, fmt.Errorf("ask for object lock (needs s3:GetBucketObjectLockConfiguration): %w", classify(err))
	}
	if lock.ObjectLockConfiguration != nil && lock.ObjectLockConfiguration.ObjectLockEnabled == types.ObjectLockEnabledEnabled && caps.Versions {
		caps.Retention, caps.LegalHold = worm.Enforced, worm.Enforced
		d.objectLock.Store(true)
	}
	return caps, nil
}

// prove finds out whether the store honours If-None-Match, by putting what was
// just stored under the same key again. Bytes and key being the same, nothing is
// lost where it does not.
func (d *driver) prove(ctx context.Context, in worm.Creation, body []byte) error {
	d.conditional.Lock()
	defer d.conditional.Unlock()
	if d.proven || d.careless != nil {
		return d.careless
	}
	_, err := d.put(ctx, in, body)
	switch {
	case err == nil:
		d.careless = fmt.Errorf("%w: the store ignores If-None-Match, so nothing is create-only there: it took %s twice", worm.ErrUnsupported, in.Key)
		return d.careless
	case errors.Is(err, worm.ErrExists), errors.Is(err, worm.ErrConflict):
		d.proven = true
	}
	return nil // no answer proves nothing; the next object will
}

// knownCareless is why the store is not written to, if it is not.
func (d *driver) knownCareless() error {
	d.conditional.Lock()
	defer d.conditional.Unlock()
	return d.careless
}

// is reports whether an error is the service's own, with one of the codes.
func is(err error, codes ...string) bool {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return false
	}
	for _, code := range codes {
		if api.ErrorCode() == code {
			return true
		}
	}
	return false
}
