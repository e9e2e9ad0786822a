package s3worm

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	gax "github.com/googleapis/gax-go/v2"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

const (
	partSize = 8 << 20 // bytes held in memory; S3 wants 5 MiB at least
	maxParts = 10_000
)

// createInParts uploads a large object part by part. Nobody sees any of it before
// it is completed, which is where create-only is decided.
func (d *driver) createInParts(ctx context.Context, in worm.Creation) (worm.Ref, error) {
	started, err := d.client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{
		Bucket:                    &d.bucket,
		Key:                       d.key(in.Key),
		ContentType:               contentType(in),
		ChecksumAlgorithm:         types.ChecksumAlgorithmSha256,
		Metadata:                  map[string]string{metaSHA256: in.SHA256.String()},
		ObjectLockMode:            types.ObjectLockMode(mode(in.Lock)),
		ObjectLockRetainUntilDate: until(in.Lock),
		ObjectLockLegalHoldStatus: hold(in.Lock),
	}, once)
	if err != nil {
		return worm.Ref{}, classify(err) // an upload nobody knows the id of stores nothing
	}
	u := upload{driver: d, key: in.Key, id: started.UploadId}
	if err := u.sendParts(ctx, in); err != nil {
		return worm.Ref{}, u.abort(ctx, err)
	}
	return u.complete(ctx)
}

type upload struct {
	driver *driver
	key    string
	id     *string
	parts  []types.CompletedPart
}

// sendParts reads the whole body: its digest is checked before the last part goes.
func (u *upload) sendParts(ctx context.Context, in worm.Creation) error {
	size := max(partSize, (in.Size+maxParts-1)/maxParts)
	part := make([]byte, size)
	for sent := int64(0); sent < in.Size; {
		want := min(size, in.Size-sent)
		n, err := io.ReadFull(in.Body, part[:want])
		if err != nil {
			return bodyError(err)
		}
		sent += int64(n)
		if sent == in.Size {
			if _, err := io.Copy(io.Discard, in.Body); err != nil { // to io.EOF, where the digest is checked
				return err
			}
		}
		if err := u.send(ctx, part[:n]); err != nil {
			return err
		}
	}
	return nil
}

// bodyError is the error of a body that ended early. A short one is noticed here
// only if nobody noticed it before.
func bodyError(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: the body ended early", worm.ErrCorrupt)
	}
	return err
}

// send uploads one part. Sending it again replaces it, so the SDK may retry.
func (u *upload) send(ctx context.Context, part []byte) error {
	sum := sha256.Sum256(part)
	checksum := aws.String(base64.StdEncoding.EncodeToString(sum[:]))
	number := aws.Int32(int32(len(u.parts) + 1))
	out, err := u.driver.client.UploadPart(ctx, &s3.UploadPartInput{
		Bucket: &u.driver.bucket, Key: u.driver.key(u.key), UploadId: u.id, PartNumber: number,
		Body: bytes.NewReader(part), ContentLength: aws.Int64(int64(len(part))), ChecksumSHA256: checksum,
	})
	if err != nil {
		return classify(err)
	}
	u.parts = append(u.parts, types.CompletedPart{ETag: out.ETag, PartNumber: number, ChecksumSHA256: checksum})
	return nil
}

// completeTries is how often an upload is completed while nobody knows whether it
// has been.
const completeTries = 4

// complete makes the parts an object, if the key is free. Completing is tried again
// while its outcome is not known, for until it is, nobody can tell parts that are
// left behind from an object. An upload that is gone was completed, or given up by
// somebody else: which, is told by reading back.
func (u *upload) complete(ctx context.Context) (worm.Ref, error) {
	wait := gax.Backoff{Initial: 50 * time.Millisecond, Max: 2 * time.Second, Multiplier: 3}
	for try := 1; ; try++ {
		out, err := u.driver.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
			Bucket: &u.driver.bucket, Key: u.driver.key(u.key), UploadId: u.id, IfNoneMatch: aws.String("*"),
			MultipartUpload: &types.CompletedMultipartUpload{Parts: u.parts},
		}, once)
		err = classifyWrite(err)
		switch {
		case err == nil:
			return worm.Ref{Key: u.key, Version: aws.ToString(out.VersionId)}, nil
		case try > 1 && errors.Is(err, worm.ErrNotFound):
			return worm.Ref{}, fmt.Errorf("%w: the upload is gone: %w", worm.ErrOutcomeUnknown, err)
		case !errors.Is(err, worm.ErrOutcomeUnknown):
			return worm.Ref{}, u.abort(ctx, err)
		case try == completeTries || gax.Sleep(ctx, wait.Pause()) != nil:
			return worm.Ref{}, fmt.Errorf("upload %s of %s may be left in the bucket: %w", aws.ToString(u.id), *u.driver.key(u.key), err)
		}
	}
}

// abort gives up an upload because of cause, even if that is the context's end.
func (u *upload) abort(ctx context.Context, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	_, err := u.driver.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &u.driver.bucket, Key: u.driver.key(u.key), UploadId: u.id})
	if err = classify(err); err != nil && !errors.Is(err, worm.ErrNotFound) {
		return fmt.Errorf("%w; and its parts are left in the bucket as upload %s of %s, which aws s3api abort-multipart-upload removes: %w",
			cause, aws.ToString(u.id), *u.driver.key(u.key), err)
	}
	return cause
}
