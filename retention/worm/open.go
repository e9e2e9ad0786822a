package worm

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"

	"gocloud.dev/blob"
)

// Opener is how a driver package makes drivers. Either function may be nil.
type Opener struct {
	// URL opens the bucket a URL names.
	URL func(ctx context.Context, u *url.URL) (Driver, error)

	// Bucket makes a driver over an opened gocloud bucket, using the native
	// client behind it. A bucket of another kind is not an error: it returns
	// nil, nil.
	Bucket func(ctx context.Context, b *blob.Bucket) (Driver, error)
}

var registry = struct {
	sync.RWMutex
	openers map[string]Opener
}{openers: map[string]Opener{}}

// Register makes a driver package known under a URL scheme. It is called from
// the package's init and panics when the scheme is taken, which is a mistake in
// the program rather than in its data.
func Register(scheme string, o Opener) {
	registry.Lock()
	defer registry.Unlock()
	if _, taken := registry.openers[scheme]; taken {
		panic(fmt.Sprintf("worm: scheme %q is registered twice", scheme))
	}
	registry.openers[scheme] = o
}

// Open opens the bucket that a gocloud-style URL names, such as
// file:///var/lib/evidence. What is wrong with the URL itself is an error that matches
// [ErrBadURL]; a scheme that no linked driver knows lists those that are, and matches
// [ErrUnsupported] as well.
func Open(ctx context.Context, rawURL string) (*Store, error) {
	d, err := openDriver(ctx, rawURL)
	if err != nil {
		return nil, err
	}
	return New(ctx, d)
}

func openDriver(ctx context.Context, rawURL string) (Driver, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, &urlError{"", err}
	}
	registry.RLock()
	opener, known := registry.openers[u.Scheme]
	schemes := slices.Sorted(maps.Keys(registry.openers))
	registry.RUnlock()
	if !known || opener.URL == nil {
		return nil, &urlError{u.Redacted(), fmt.Errorf("%w: no driver is linked for scheme %q (linked: %s); import the driver's package",
			ErrUnsupported, u.Scheme, strings.Join(schemes, ", "))}
	}
	d, err := opener.URL(ctx, u)
	if err != nil {
		return nil, &urlError{u.Redacted(), err}
	}
	return d, nil
}

// OpenBucket makes a store over a bucket the caller has opened, prefixes
// included. The first linked driver that knows the bucket's kind takes it. The
// caller still closes the bucket. A kind that none knows is an error that
// matches [ErrUnsupported].
func OpenBucket(ctx context.Context, b *blob.Bucket) (*Store, error) {
	registry.RLock()
	openers := maps.Clone(registry.openers)
	registry.RUnlock()
	for _, scheme := range slices.Sorted(maps.Keys(openers)) {
		if openers[scheme].Bucket == nil {
			continue
		}
		d, err := openers[scheme].Bucket(ctx, b)
		if err != nil {
			return nil, fmt.Errorf("worm: open bucket as %s: %w", scheme, err)
		}
		if d != nil {
			return New(ctx, d)
		}
	}
	return nil, fmt.Errorf("worm: open bucket: %w: no linked driver knows this kind of *blob.Bucket; import its driver's package, or open it by URL", ErrUnsupported)
}

// New makes a store over a driver. It asks the driver for the bucket's
// capabilities, and closes the driver when that fails.
func New(ctx context.Context, d Driver) (*Store, error) {
	caps, err := d.Capabilities(ctx)
	if err != nil {
		return nil, fmt.Errorf("worm: probe the bucket: %w", errors.Join(err, d.Close()))
	}
	bulk, _ := d.(Bulk)
	uploads, _ := d.(Uploads)
	return &Store{driver: watchedDriver{d}, bulk: bulk, uploads: uploads, caps: caps}, nil
}
