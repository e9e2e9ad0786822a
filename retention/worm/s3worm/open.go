package s3worm

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"gocloud.dev/blob"
	"gocloud.dev/blob/s3blob"

	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/internal/relock"
)

func init() {
	worm.Register(s3blob.Scheme, worm.Opener{URL: openURL, Bucket: openBucket})
}

// driver implements worm.Driver over one bucket, below a prefix.
type driver struct {
	client *s3.Client
	bucket string
	prefix string
	close  func() error

	objectLock atomic.Bool // as probed
	locks      *relock.Keeper

	conditional sync.Mutex
	proven      bool  // the store is known to honour If-None-Match
	careless    error // or it is known not to
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
	s3d := d.(*driver)
	s3d.client, s3d.close = s3.New(s3d.client.Options(), keepConnections), b.Close
	return d, nil
}

// idle is how many connections to the bucket stay open when nothing is asked: as many as
// there may be requests at once. The SDK keeps ten, and makes the others anew each time.
const idle = 128

// keepConnections sets that, if the client's transport is the SDK's own.
func keepConnections(o *s3.Options) {
	if b, ok := o.HTTPClient.(*awshttp.BuildableClient); ok {
		o.HTTPClient = b.WithTransportOptions(func(t *http.Transport) { t.MaxIdleConns, t.MaxIdleConnsPerHost = idle, idle })
	}
}

func openBucket(ctx context.Context, b *blob.Bucket) (worm.Driver, error) {
	d := &driver{close: func() error { return nil }, locks: relock.New()}
	if !b.As(&d.client) {
		return nil, nil
	}
	var err error
	if d.bucket, d.prefix, err = location(ctx, b); err != nil {
		return nil, fmt.Errorf("find the bucket's name: %w", err)
	}
	return d, nil
}

// errLocated ends a read before it is sent.
var errLocated = errors.New("located")

// location learns the name and prefix of a bucket, which gocloud does not tell,
// from the request it is about to make for a key.
func location(ctx context.Context, b *blob.Bucket) (bucket, prefix string, err error) {
	const key = "k"
	_, err = b.NewReader(ctx, key, &blob.ReaderOptions{BeforeRead: func(as func(any) bool) error {
		var in *s3.GetObjectInput
		if !as(&in) {
			return errors.New("s3blob no longer shows its requests")
		}
		bucket, prefix = *in.Bucket, strings.TrimSuffix(*in.Key, key)
		return errLocated
	}})
	if !errors.Is(err, errLocated) && bucket == "" {
		return "", "", err
	}
	return bucket, prefix, nil
}

// key returns the bucket's key for one of the store's.
func (d *driver) key(key string) *string {
	full := d.prefix + key
	return &full
}

// version returns a version id as requests want it.
func version(id string) *string {
	if id == "" {
		return nil
	}
	return &id
}

// Close implements [worm.Driver].
func (d *driver) Close() error { return d.close() }
