package azureworm

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// metaSHA256 is the metadata in which a blob carries its own digest.
const metaSHA256 = "sha256"

// Create implements [worm.Driver].
func (d *driver) Create(ctx context.Context, in worm.Creation) (worm.Ref, error) {
	if err := ctx.Err(); err != nil {
		return worm.Ref{}, err
	}
	store := d.upload
	if in.Size > blockSize {
		store = d.uploadInBlocks
	}
	ref, err := store(ctx, in)
	if err != nil || in.Lock.Mode != retention.Compliance && in.Size <= blockSize {
		return ref, err
	}
	if err := d.secure(ctx, ref, in.Lock); err != nil {
		return worm.Ref{}, fmt.Errorf("%w: the blob is stored and not locked as it should be yet: %w", worm.ErrOutcomeUnknown, err)
	}
	return ref, nil
}

// secure locks the policy of a blob that is stored, if it is to be compliance, and
// reads back what a list of blocks was committed with, which Azure documents less
// plainly than what goes with a single request.
func (d *driver) secure(ctx context.Context, ref worm.Ref, lock retention.Lock) error {
	have, err := d.State(ctx, ref)
	if err == nil && lock.LegalHold && !have.Lock.LegalHold {
		err = d.SetLegalHold(ctx, ref, true)
	}
	if err == nil && !lock.Until.IsZero() {
		err = d.Extend(ctx, ref, lock)
	}
	return err
}

// upload stores a small blob in one request.
func (d *driver) upload(ctx context.Context, in worm.Creation) (worm.Ref, error) {
	body, err := io.ReadAll(in.Body)
	if err != nil {
		return worm.Ref{}, err
	}
	mode, until, hold := firstLock(in.Lock)
	out, err := d.client.NewBlockBlobClient(d.prefix+in.Key).Upload(once(ctx), streaming.NopCloser(bytes.NewReader(body)), &blockblob.UploadOptions{
		Metadata:                     metadata(in),
		HTTPHeaders:                  headers(in),
		AccessConditions:             createOnly(),
		TransactionalValidation:      blob.TransferValidationTypeComputeCRC64(),
		ImmutabilityPolicyMode:       mode,
		ImmutabilityPolicyExpiryTime: until,
		LegalHold:                    hold,
	})
	if err != nil {
		return worm.Ref{}, classifyCreate(err)
	}
	return refOf(in.Key, out.VersionID), nil
}

// once has a request sent one time: what a second one is told would hide what
// became of the first.
func once(ctx context.Context) context.Context {
	return policy.WithRetryOptions(ctx, policy.RetryOptions{MaxRetries: -1})
}

func createOnly() *blob.AccessConditions {
	any := azcore.ETagAny
	return &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfNoneMatch: &any}}
}

func metadata(in worm.Creation) map[string]*string {
	digest := in.SHA256.String()
	return map[string]*string{metaSHA256: &digest}
}

func headers(in worm.Creation) *blob.HTTPHeaders {
	if in.ContentType == "" {
		return nil
	}
	return &blob.HTTPHeaders{BlobContentType: &in.ContentType}
}

// firstLock is the lock as a new blob takes it: always Unlocked.
func firstLock(l retention.Lock) (mode *blob.ImmutabilityPolicySetting, until *time.Time, hold *bool) {
	if !l.Until.IsZero() {
		unlocked := blob.ImmutabilityPolicySettingUnlocked
		mode, until = &unlocked, &l.Until
	}
	if l.LegalHold {
		hold = &l.LegalHold
	}
	return mode, until, hold
}

func refOf(key string, version *string) worm.Ref {
	if version == nil {
		return worm.Ref{Key: key}
	}
	return worm.Ref{Key: key, Version: *version}
}
