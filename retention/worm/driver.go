package worm

import (
	"context"
	"io"
	"iter"

	"github.com/holdfast-archive/holdfast/retention"
)

// Driver is what a backend implements. It is used through a [Store], which has
// checked keys, digests and locks before a driver sees them. Methods are safe
// for concurrent use, wrap their errors around this package's sentinels where
// one fits, and never report success before the backend has made it durable.
type Driver interface {
	Objects
	Locks
	Names

	// Capabilities reports what this bucket really gives, probed rather than
	// assumed. The answer does not change while the driver is open.
	Capabilities(ctx context.Context) (Capabilities, error)

	// Close releases what the driver holds open.
	Close() error
}

// Objects is how a driver stores and reads.
type Objects interface {
	// Create stores the body under a key that holds nothing, with its lock, in
	// one step: nobody ever sees the object without its lock. A key that holds
	// anything is ErrExists. A body that ends in an error stores nothing. When
	// the driver cannot tell whether the object was stored, the error matches
	// ErrOutcomeUnknown; any other error means it was not.
	Create(ctx context.Context, in Creation) (Ref, error)

	// Open reads one version; an empty Version means what the key shows now.
	Open(ctx context.Context, ref Ref) (io.ReadCloser, error)

	// State reports one version, hidden or not; an empty Version means what the
	// key shows now.
	State(ctx context.Context, ref Ref) (Object, error)

	// List yields what the keys with the prefix show now, in ascending order of
	// key bytes.
	List(ctx context.Context, prefix string) iter.Seq2[Entry, error]

	// ListHidden yields the versions under the prefix that their keys do not show:
	// those a delete marker or a newer version lies over. A bucket without
	// versions has none.
	ListHidden(ctx context.Context, prefix string) iter.Seq2[Entry, error]
}

// Locks is how a driver changes the lock of one version.
type Locks interface {
	// Extend sets the mode and date of to, which are at least those in force; its
	// LegalHold is ignored. A lock that
	// has meanwhile grown past them is ErrWouldWeaken.
	Extend(ctx context.Context, ref Ref, to retention.Lock) error

	// SetLegalHold sets or releases the hold; setting what is set is success.
	SetLegalHold(ctx context.Context, ref Ref, on bool) error
}

// Names is how a driver spells an object's address.
type Names interface {
	// URI returns the address that pins ref, in a form the backend's own tools
	// accept.
	URI(ref Ref) string

	// ParseURI is the inverse of URI. An address of another bucket is
	// ErrForeignURI.
	ParseURI(uri string) (Ref, error)
}

// Creation is one object to be created.
type Creation struct {
	Key         string
	Body        io.Reader // exactly Size bytes, or an error
	Size        int64     // bytes
	SHA256      Digest    // of the body
	Lock        retention.Lock
	ContentType string

	// Observed is told the lock that the backend's own answer to the write states, if
	// it states one: nobody needs to ask for it again then. It may be nil. A driver
	// never repeats what was asked of it.
	Observed func(retention.Lock)
}

// Enforcement says what stands behind a promise.
type Enforcement string

const (
	// Absent: the bucket cannot do it at all.
	Absent Enforcement = "absent"
	// Recorded: kept beside the object and honoured by this library, but
	// somebody with write access to the backend can get round it.
	Recorded Enforcement = "recorded"
	// Enforced: the backend itself refuses.
	Enforced Enforcement = "enforced"
)

// Capabilities is what a bucket really gives.
type Capabilities struct {
	Versions  bool        // each version is kept and can be read by its id
	Retention Enforcement // of a lock's mode and date
	LegalHold Enforcement

	// TellsLocks: its answer to a write states the lock that is in force, see
	// [Creation.Observed]. Elsewhere whoever must know asks once more.
	TellsLocks bool

	// Advice says what to enable, and how, to get what is absent.
	Advice string
}
