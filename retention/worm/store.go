package worm

import (
	"context"
	"fmt"
	"io"
	"iter"

	"github.com/holdfast-archive/holdfast/retention"
)

// Store is a write-once bucket. It is safe for concurrent use.
type Store struct {
	driver  Driver
	bulk    Bulk    // the same driver; nil when it has no way of its own for many
	uploads Uploads // the same driver; nil when its backend keeps none
	caps    Capabilities
}

// Capabilities returns what the bucket gives, as probed when it was opened.
func (s *Store) Capabilities() Capabilities { return s.caps }

// Close releases what the driver holds open. Stored objects are not touched.
func (s *Store) Close() error { return s.driver.Close() }

// URI returns the archive_uri that pins ref, in a form the backend's own tools
// accept.
func (s *Store) URI(ref Ref) string { return s.driver.URI(ref) }

// ParseURI is the inverse of URI: ParseURI(URI(ref)) == ref. An address of
// another bucket is an error that matches [ErrForeignURI].
func (s *Store) ParseURI(uri string) (Ref, error) {
	ref, err := s.driver.ParseURI(uri)
	if err != nil {
		return Ref{}, fmt.Errorf("worm: parse URI %.200q: %w", uri, err)
	}
	if err := CheckKey(ref.Key); err != nil {
		return Ref{}, fmt.Errorf("worm: parse URI %.200q: %w", uri, err)
	}
	return ref, nil
}

// State reports one version as the backend sees it: size, digest, lock, and
// whether something hides it. An empty Version means what the key shows now.
// Absent is an error that matches [ErrNotFound].
func (s *Store) State(ctx context.Context, ref Ref) (Object, error) {
	if err := CheckKey(ref.Key); err != nil {
		return Object{}, fmt.Errorf("worm: state of %s: %w", ref, err)
	}
	o, err := s.driver.State(ctx, ref)
	if err != nil {
		return Object{}, fmt.Errorf("worm: state of %s: %w", ref, err)
	}
	return o, nil
}

// List yields what the keys with the prefix show now, in ascending order of key
// bytes, and ends after the first error. An empty prefix lists everything.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[Entry, error] {
	return wrapped("list", prefix, s.driver.List(ctx, prefix))
}

// ListHidden yields the versions under the prefix that their keys do not show any
// more, because a delete marker or a newer version lies over them. Where objects
// are only ever created, there should be none. It ends after the first error.
func (s *Store) ListHidden(ctx context.Context, prefix string) iter.Seq2[Entry, error] {
	return wrapped("list hidden versions of", prefix, s.driver.ListHidden(ctx, prefix))
}

// wrapped says what was being listed when a listing ends in an error.
func wrapped(what, prefix string, entries iter.Seq2[Entry, error]) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for e, err := range entries {
			if err != nil {
				yield(Entry{}, fmt.Errorf("worm: %s %q: %w", what, prefix, err))
				return
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// Extend makes the lock of one version longer or stricter, or both. Asking for
// the lock already in force is success and changes nothing. One that is shorter
// or weaker in any respect is refused with [ErrWouldWeaken]. The LegalHold of
// to is ignored; see [Store.SetLegalHold].
func (s *Store) Extend(ctx context.Context, ref Ref, to retention.Lock) error {
	to.LegalHold = false
	if err := s.extend(ctx, ref, to); err != nil {
		return fmt.Errorf("worm: extend lock of %s to %s: %w", ref, to, err)
	}
	return nil
}

func (s *Store) extend(ctx context.Context, ref Ref, to retention.Lock) error {
	if err := s.allows(ref.Key, to); err != nil {
		return err
	}
	o, err := s.driver.State(ctx, ref)
	if err != nil {
		return err
	}
	have := o.Lock
	have.LegalHold = false
	switch {
	case !to.Covers(have):
		return fmt.Errorf("%w: %s", ErrWouldWeaken, have)
	case have.Covers(to):
		return nil
	}
	return s.driver.Extend(ctx, o.Ref, to)
}

// SetLegalHold sets or releases the legal hold of one version. It is
// independent of retention: releasing it leaves mode and date in force, and it
// keeps an object whose date has passed.
func (s *Store) SetLegalHold(ctx context.Context, ref Ref, on bool) error {
	if err := s.allows(ref.Key, retention.Lock{LegalHold: true}); err != nil {
		return fmt.Errorf("worm: legal hold on %s: %w", ref, err)
	}
	if err := s.driver.SetLegalHold(ctx, ref, on); err != nil {
		return fmt.Errorf("worm: set legal hold of %s to %t: %w", ref, on, err)
	}
	return nil
}

// allows refuses a key or a lock this bucket cannot hold. It fails closed: a
// bucket that cannot lock is never written to as if it could.
func (s *Store) allows(key string, lock retention.Lock) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	if err := lock.Validate(); err != nil {
		return err
	}
	if !lock.Until.IsZero() && s.caps.Retention == Absent {
		return fmt.Errorf("%w: the lock asks for %s, and the bucket has no retention: %s", ErrUnsupported, lock, s.caps.Advice)
	}
	if lock.LegalHold && s.caps.LegalHold == Absent {
		return fmt.Errorf("%w: the lock asks for a legal hold, and the bucket has none: %s", ErrUnsupported, s.caps.Advice)
	}
	return nil
}

// Open streams one object whose digest the caller does not know and which may be
// too large to be held. Nothing that is read is checked: the caller needs a proof
// of its own.
func (s *Store) Open(ctx context.Context, ref Ref) (io.ReadCloser, error) {
	if err := CheckKey(ref.Key); err != nil {
		return nil, fmt.Errorf("worm: open %s: %w", ref, err)
	}
	body, err := s.driver.Open(ctx, ref)
	if err != nil {
		return nil, fmt.Errorf("worm: open %s: %w", ref, err)
	}
	return body, nil
}

// Read returns one object whole. The digest need not be known: what is checked
// is the backend's own record, where it keeps one. An object of more than limit
// bytes is [ErrTooLarge], and no more than limit bytes are ever held.
func (s *Store) Read(ctx context.Context, ref Ref, limit int64) ([]byte, error) {
	b, err := s.read(ctx, ref, limit)
	if err != nil {
		return nil, fmt.Errorf("worm: read %s: %w", ref, err)
	}
	return b, nil
}

func (s *Store) read(ctx context.Context, ref Ref, limit int64) ([]byte, error) {
	if err := CheckKey(ref.Key); err != nil {
		return nil, err
	}
	body, err := s.driver.Open(ctx, ref)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	b, err := io.ReadAll(io.LimitReader(body, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, limit)
	}
	return b, nil
}
