package s3worm

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// metaSHA256 is the metadata in which an object carries its own digest.
const metaSHA256 = "sha256"

// Create implements [worm.Driver].
func (d *driver) Create(ctx context.Context, in worm.Creation) (worm.Ref, error) {
	if err := errors.Join(ctx.Err(), d.knownCareless()); err != nil {
		return worm.Ref{}, err
	}
	if in.Size > partSize {
		return d.createInParts(ctx, in)
	}
	body, err := io.ReadAll(in.Body)
	if err != nil {
		return worm.Ref{}, err
	}
	ref, err := d.put(ctx, in, body)
	if err != nil {
		return worm.Ref{}, err
	}
	return ref, d.prove(ctx, in, body)
}

// put is the one request that stores and locks.
func (d *driver) put(ctx context.Context, in worm.Creation, body []byte) (worm.Ref, error) {
	out, err := d.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket:                    &d.bucket,
		Key:                       d.key(in.Key),
		Body:                      bytes.NewReader(body),
		ContentLength:             &in.Size,
		ContentType:               contentType(in),
		IfNoneMatch:               aws.String("*"),
		ChecksumAlgorithm:         types.ChecksumAlgorithmSha256,
		ChecksumSHA256:            aws.String(base64.StdEncoding.EncodeToString(in.SHA256[:])),
		Metadata:                  map[string]string{metaSHA256: in.SHA256.String()},
		ObjectLockMode:            types.ObjectLockMode(mode(in.Lock)),
		ObjectLockRetainUntilDate: until(in.Lock),
		ObjectLockLegalHoldStatus: hold(in.Lock),
	}, once)
	if err != nil {
		return worm.Ref{}, classifyWrite(err)
	}
	return worm.Ref{Key: in.Key, Version: aws.ToString(out.VersionId)}, nil
}

// once sends a request one time: what a second one is told would hide what became
// of the first.
func once(o *s3.Options) { o.Retryer = aws.NopRetryer{} }

func contentType(in worm.Creation) *string {
	if in.ContentType == "" {
		return nil
	}
	return &in.ContentType
}

// mode spells a lock's mode as S3 does; none is empty.
func mode(l retention.Lock) string {
	switch l.Mode {
	case retention.Governance:
		return string(types.ObjectLockModeGovernance)
	case retention.Compliance:
		return string(types.ObjectLockModeCompliance)
	}
	return ""
}

func hold(l retention.Lock) types.ObjectLockLegalHoldStatus {
	if l.LegalHold {
		return types.ObjectLockLegalHoldStatusOn
	}
	return ""
}
