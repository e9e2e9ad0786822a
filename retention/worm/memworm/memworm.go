// Package memworm is a write-once bucket in memory, for tests and rehearsals.
//
// It behaves as a versioned cloud bucket with object lock does: versions have
// ids, a delete marker or a newer version may hide what was written, and locks
// are enforced. What it cannot do is outlive the process. Opening mem://name by
// URL makes a new, empty bucket each time; [New] returns one to misuse in tests,
// by the ways in which evidence comes to harm elsewhere: [Bucket.Overwrite],
// [Bucket.Hide], [Bucket.Tamper], [Bucket.Drop].
package memworm

import (
	"context"
	"net/url"
	"sync"
	"time"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

func init() {
	worm.Register("mem", worm.Opener{
		URL: func(_ context.Context, u *url.URL) (worm.Driver, error) { return newBucket(u.Host), nil },
	})
}

// Bucket is a [worm.Driver] over memory. It is safe for concurrent use.
type Bucket struct {
	name string

	mu       sync.Mutex
	clock    func() time.Time
	versions int // so far, over all keys
	objects  map[string][]*version
	folders  folders

	overMarkers bool // see CreateOverMarkers
	careless    bool // see IgnoreConditions
}

// version is one version of one object, or a delete marker.
type version struct {
	id       string
	marker   bool
	body     []byte
	digest   worm.Digest
	lock     retention.Lock
	storedAt time.Time
}

// New returns an empty bucket.
func New() *Bucket { return newBucket("bucket") }

func newBucket(name string) *Bucket {
	return &Bucket{name: name, clock: time.Now, objects: map[string][]*version{}, folders: folders{}}
}

// SetClock sets the clock that locks are held to, and that dates objects.
func (b *Bucket) SetClock(clock func() time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.clock = clock
}

// Capabilities implements [worm.Driver]: everything, enforced.
func (b *Bucket) Capabilities(context.Context) (worm.Capabilities, error) {
	return worm.Capabilities{Versions: true, Retention: worm.Enforced, LegalHold: worm.Enforced, TellsLocks: true}, nil
}

// Close implements [worm.Driver]. The bucket can still be used.
func (b *Bucket) Close() error { return nil }
