package s3worm

import (
	"context"
	"errors"
	"io"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// Open implements [worm.Driver].
func (d *driver) Open(ctx context.Context, ref worm.Ref) (io.ReadCloser, error) {
	out, err := d.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &d.bucket, Key: d.key(ref.Key), VersionId: version(ref.Version)}, quiet)
	if err != nil {
		return nil, classifyRead(ref, err)
	}
	return out.Body, nil
}

// quiet has the SDK not log that it cannot check the composite checksum of an object
// that was stored in parts. The store above checks the digest of the whole.
func quiet(o *s3.Options) { o.DisableLogOutputChecksumValidationSkipped = true }

// State implements [worm.Driver]. Of a version asked for by its id it also asks
// whether the key still shows it: one request more.
func (d *driver) State(ctx context.Context, ref worm.Ref) (worm.Object, error) {
	head, err := d.head(ctx, ref)
	if err != nil {
		return worm.Object{}, classifyRead(ref, err)
	}
	o := worm.Object{
		Ref:      worm.Ref{Key: ref.Key, Version: aws.ToString(head.VersionId)},
		Size:     aws.ToInt64(head.ContentLength),
		StoredAt: aws.ToTime(head.LastModified).UTC(),
	}
	if o.Lock, err = d.lock(ctx, o.Ref, head); err != nil {
		return worm.Object{}, err
	}
	if recorded, ok := head.Metadata[metaSHA256]; ok {
		if o.SHA256, err = worm.ParseDigest(recorded); err != nil {
			return worm.Object{}, errors.Join(worm.ErrCorrupt, err)
		}
	}
	if ref.Version == "" {
		return o, nil
	}
	shown, err := d.head(ctx, worm.Ref{Key: ref.Key})
	if err != nil && !errors.Is(classify(err), worm.ErrNotFound) {
		return worm.Object{}, classify(err)
	}
	o.Hidden = err != nil || aws.ToString(shown.VersionId) != o.Ref.Version
	return o, nil
}

func (d *driver) head(ctx context.Context, ref worm.Ref) (*s3.HeadObjectOutput, error) {
	return d.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &d.bucket, Key: d.key(ref.Key), VersionId: version(ref.Version)})
}

// classifyRead knows one thing more: a version id that this store could not have
// given, which it answers with 400.
func classifyRead(ref worm.Ref, err error) error {
	if ref.Version != "" && status(err) == 400 {
		return errors.Join(worm.ErrNotFound, err)
	}
	return classify(err)
}

// List implements [worm.Driver].
func (d *driver) List(ctx context.Context, prefix string) iter.Seq2[worm.Entry, error] {
	return func(yield func(worm.Entry, error) bool) {
		pages := s3.NewListObjectsV2Paginator(d.client, &s3.ListObjectsV2Input{Bucket: &d.bucket, Prefix: d.key(prefix)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(worm.Entry{}, classify(err))
				return
			}
			for _, o := range page.Contents {
				key := strings.TrimPrefix(aws.ToString(o.Key), d.prefix)
				if !yield(worm.Entry{Ref: worm.Ref{Key: key}, Size: aws.ToInt64(o.Size)}, nil) {
					return
				}
			}
		}
	}
}

// ListHidden implements [worm.Driver].
func (d *driver) ListHidden(ctx context.Context, prefix string) iter.Seq2[worm.Entry, error] {
	return func(yield func(worm.Entry, error) bool) {
		pages := s3.NewListObjectVersionsPaginator(d.client, &s3.ListObjectVersionsInput{Bucket: &d.bucket, Prefix: d.key(prefix)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(worm.Entry{}, classify(err))
				return
			}
			for _, v := range page.Versions {
				key := strings.TrimPrefix(aws.ToString(v.Key), d.prefix)
				if !aws.ToBool(v.IsLatest) && !yield(worm.Entry{Ref: worm.Ref{Key: key, Version: aws.ToString(v.VersionId)}, Size: aws.ToInt64(v.Size)}, nil) {
					return
				}
			}
		}
	}
}
