package azureworm

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	gocloud "gocloud.dev/blob"
	"gocloud.dev/blob/azureblob"

	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/internal/relock"
)

func init() {
	worm.Register(azureblob.Scheme, worm.Opener{URL: openURL, Bucket: openBucket})
}

// driver implements worm.Driver over one container, below a prefix.
type driver struct {
	client *container.Client
	name   string
	prefix string
	close  func() error
	locks  *relock.Keeper
}

func openURL(ctx context.Context, u *url.URL) (worm.Driver, error) {
	b, err := gocloud.OpenBucket(ctx, u.String())
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

func openBucket(ctx context.Context, b *gocloud.Bucket) (worm.Driver, error) {
	d := &driver{close: func() error { return nil }, locks: relock.New()}
	if !b.As(&d.client) {
		return nil, nil
	}
	u, err := url.Parse(d.client.URL())
	if err != nil {
		return nil, fmt.Errorf("find the container's name: %w", err)
	}
	d.name = path.Base(u.Path)
	if d.prefix, err = prefix(ctx, b); err != nil {
		return nil, fmt.Errorf("find the bucket's prefix: %w", err)
	}
	return d, nil
}

// errLocated ends a listing before it is sent.
var errLocated = errors.New("located")

// prefix learns the prefix of a bucket, which gocloud does not tell, from the
// listing it is about to ask for.
func prefix(ctx context.Context, b *gocloud.Bucket) (found string, err error) {
	located := false
	_, err = b.List(&gocloud.ListOptions{BeforeList: func(as func(any) bool) error {
		var options *container.ListBlobsHierarchyOptions
		if !as(&options) {
			return errors.New("azureblob no longer shows its requests")
		}
		located = true
		if options.Prefix != nil {
			found = *options.Prefix
		}
		return errLocated
	}}).Next(ctx)
	if !located {
		return "", err
	}
	return found, nil
}

// blob returns the client of a key, and of one version if the ref names one.
func (d *driver) blob(ref worm.Ref) (*blob.Client, error) {
	c := d.client.NewBlobClient(d.prefix + ref.Key)
	if ref.Version == "" {
		return c, nil
	}
	return c.WithVersionID(ref.Version)
}

const advice = "make the container with version-level immutability (az storage container-rm create --enable-vlw), in an account with versioning"

// atOnce has a first request repeated within two seconds, rather than half a minute: an
// account that is not there, or cannot be reached, is said to be so before anybody gives
// up waiting, and why.
var atOnce = policy.RetryOptions{MaxRetries: 2, RetryDelay: 200 * time.Millisecond, MaxRetryDelay: time.Second}

// Capabilities implements [worm.Driver].
func (d *driver) Capabilities(ctx context.Context) (worm.Capabilities, error) {
	props, err := d.client.GetProperties(policy.WithRetryOptions(ctx, atOnce), nil)
	if err != nil {
		return worm.Capabilities{}, fmt.Errorf("look at the container: %w", classify(err))
	}
	caps := worm.Capabilities{Retention: worm.Absent, LegalHold: worm.Absent, Advice: advice}
	if v := props.IsImmutableStorageWithVersioningEnabled; v != nil && *v {
		caps = worm.Capabilities{Versions: true, Retention: worm.Enforced, LegalHold: worm.Enforced}
	}
	return caps, nil
}

// Close implements [worm.Driver].
func (d *driver) Close() error { return d.close() }
