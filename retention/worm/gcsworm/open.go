package gcsworm

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"strings"

	"cloud.google.com/go/storage"
	"gocloud.dev/blob"
	"gocloud.dev/blob/gcsblob"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

func init() {
	worm.Register(gcsblob.Scheme, worm.Opener{URL: openURL, Bucket: openBucket})
}

// driver implements worm.Driver over one bucket, below a prefix.
type driver struct {
	bucket *storage.BucketHandle
	name   string
	prefix string
	close  func() error
}

func openURL(ctx context.Context, u *url.URL) (worm.Driver, error) {
	b, err := blob.OpenBucket(ctx, u.String())
	if err != nil {
		return nil, err
	}
	d, err := openBucket(ctx, b)
	if err != nil {
		return nil, errors.Join(err, b.Close())
	}
	d.(*driver).close = b.Close
	return d, nil
}

func openBucket(ctx context.Context, b *blob.Bucket) (worm.Driver, error) {
	var client *storage.Client
	if !b.As(&client) {
		return nil, nil
	}
	if overGRPC(client) {
		return nil, fmt.Errorf("%w: Google's client drops retention over gRPC; open the bucket without grpc=true and zonal=true", worm.ErrUnsupported)
	}
	name, prefix, err := location(ctx, b)
	if err != nil {
		return nil, fmt.Errorf("find the bucket's name: %w", err)
	}
	return &driver{bucket: client.Bucket(name), name: name, prefix: prefix, close: func() error { return nil }}, nil
}

// overGRPC reports whether a client speaks gRPC, which it does not tell by other
// means than the type it holds. A test pins that this can be seen.
func overGRPC(client *storage.Client) bool {
	transport := reflect.ValueOf(client).Elem().FieldByName("tc")
	return !transport.IsValid() || transport.IsNil() || strings.Contains(transport.Elem().Type().String(), "grpc")
}

// errLocated ends a read before it is sent.
var errLocated = errors.New("located")

// location learns the name and prefix of a bucket, which gocloud does not tell,
// from the handle it is about to read a key with.
func location(ctx context.Context, b *blob.Bucket) (bucket, prefix string, err error) {
	const key = "k"
	_, err = b.NewReader(ctx, key, &blob.ReaderOptions{BeforeRead: func(as func(any) bool) error {
		var handle **storage.ObjectHandle
		if !as(&handle) {
			return errors.New("gcsblob no longer shows its requests")
		}
		bucket, prefix = (*handle).BucketName(), strings.TrimSuffix((*handle).ObjectName(), key)
		return errLocated
	}})
	if !errors.Is(err, errLocated) && bucket == "" {
		return "", "", err
	}
	return bucket, prefix, nil
}

// object returns the handle of a key, and of one generation if the ref names one.
// A version that is no generation is ErrNotFound.
func (d *driver) object(ref worm.Ref) (*storage.ObjectHandle, error) {
	o := d.bucket.Object(d.prefix + ref.Key)
	if ref.Version == "" {
		return o, nil
	}
	generation, err := parseGeneration(ref.Version)
	if err != nil {
		return nil, fmt.Errorf("%w: version %.40q: %w", worm.ErrNotFound, ref.Version, err)
	}
	return o.Generation(generation), nil
}

const advice = "enable per-object retention (gcloud storage buckets update gs://BUCKET --enable-per-object-retention) and versioning (--versioning)"

// Capabilities implements [worm.Driver].
func (d *driver) Capabilities(ctx context.Context) (worm.Capabilities, error) {
	attrs, err := d.bucket.Attrs(ctx)
	if err != nil {
		return worm.Capabilities{}, fmt.Errorf("look at the bucket (needs storage.buckets.get): %w", classify(err))
	}
	caps := worm.Capabilities{Versions: attrs.VersioningEnabled, Retention: worm.Absent, LegalHold: worm.Enforced, TellsLocks: true, Advice: advice}
	if attrs.ObjectRetentionMode == "Enabled" {
		caps.Retention = worm.Enforced
	}
	return caps, nil
}

// Close implements [worm.Driver].
func (d *driver) Close() error { return d.close() }
