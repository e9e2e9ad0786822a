package worm

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/holdfast-archive/holdfast/retention"
)

// Spec is what the caller knows of an object before it is stored.
type Spec struct {
	Size        int64  // bytes
	SHA256      Digest // of the whole body; required
	Lock        retention.Lock
	ContentType string // stored where the backend keeps one; may be empty
}

// Stored is the outcome of a Put that succeeded.
type Stored struct {
	Ref     Ref
	Created bool // this call is known to have created the object; false when the same bytes were found under the key

	// Lock is what the bucket itself has said, if Observed, that the object is under:
	// in its answer to the write, or when it was looked at for another reason. What was
	// asked for is not evidence of what is. Without Observed, ask [Store.State].
	Lock     retention.Lock
	Observed bool
}

// Put creates an object from body, which must be exactly spec.Size bytes that
// hash to spec.SHA256: a body that is anything else stores nothing and is an
// error that matches [ErrCorrupt].
//
// Put is idempotent. When the key already holds the same bytes their lock is
// made at least as strong as spec.Lock, and Put succeeds. Other bytes under the
// key are kept and reported as an [ExistsError]. See the package doc for
// outcomes that are unknown.
func (s *Store) Put(ctx context.Context, key string, body io.Reader, spec Spec) (Stored, error) {
	stored, err := s.put(ctx, key, body, spec)
	if err != nil {
		return Stored{}, fmt.Errorf("worm: put %s: %w", key, err)
	}
	return stored, nil
}

func (s *Store) put(ctx context.Context, key string, body io.Reader, spec Spec) (Stored, error) {
	if spec.Size < 0 || spec.SHA256.IsZero() {
		return Stored{}, errors.New("the size and the SHA-256 of the body must be given")
	}
	if err := s.allows(key, spec.Lock); err != nil {
		return Stored{}, err
	}
	var stored Stored
	ref, err := s.driver.Create(ctx, Creation{
		Key:         key,
		Body:        newExactReader(body, Ref{Key: key}, spec.Size, spec.SHA256),
		Size:        spec.Size,
		SHA256:      spec.SHA256,
		Lock:        spec.Lock,
		ContentType: spec.ContentType,
		Observed:    func(lock retention.Lock) { stored.Lock, stored.Observed = lock, true },
	})
	switch {
	case err == nil:
		stored.Ref, stored.Created = ref, true
		return stored, nil
	case errors.Is(err, ErrExists), errors.Is(err, ErrOutcomeUnknown):
		return s.readBack(ctx, key, spec, err)
	}
	return Stored{}, err
}

// readBack settles a write that was refused or whose reply was lost by looking
// at what the key holds.
func (s *Store) readBack(ctx context.Context, key string, spec Spec, cause error) (Stored, error) {
	have, err := s.driver.State(ctx, Ref{Key: key})
	if err != nil {
		return Stored{}, s.unsettled(key, spec, cause, err)
	}
	digest, err := s.hash(ctx, have.Ref)
	if err != nil {
		return Stored{}, s.unsettled(key, spec, cause, err)
	}
	if digest != spec.SHA256 {
		return Stored{}, &ExistsError{Ref: have.Ref, Have: digest, Want: spec.SHA256}
	}
	if have.Lock.Covers(spec.Lock) {
		return Stored{Ref: have.Ref, Lock: have.Lock, Observed: true}, nil
	}
	return Stored{Ref: have.Ref}, s.strengthen(ctx, have, spec.Lock)
}

// unsettled is the error of a write that could not be read back. One that was
// refused outright is not ours to have stored; one whose reply was lost may be.
func (s *Store) unsettled(key string, spec Spec, cause, err error) error {
	if errors.Is(cause, ErrOutcomeUnknown) {
		return &OutcomeUnknownError{Key: key, SHA256: spec.SHA256, Cause: errors.Join(cause, err)}
	}
	return fmt.Errorf("the key is taken, and reading it back failed: %w", err)
}

// Strengthen makes the lock of one version at least as strong as want, its legal hold
// included, whatever it is now: what is longer or stricter already stays so. Others may
// do the same at once.
func (s *Store) Strengthen(ctx context.Context, ref Ref, want retention.Lock) error {
	err := s.allows(ref.Key, want)
	if err == nil {
		var have Object
		if have, err = s.driver.State(ctx, ref); err == nil {
			err = s.strengthen(ctx, have, want)
		}
	}
	if err != nil {
		return fmt.Errorf("worm: strengthen lock of %s to %s: %w", ref, want, err)
	}
	return nil
}

// strengthenTries is how often a lock is extended that others extend meanwhile.
const strengthenTries = 5

// strengthen makes the lock of what is stored at least as strong as wanted.
func (s *Store) strengthen(ctx context.Context, have Object, want retention.Lock) error {
	if want.LegalHold && !have.Lock.LegalHold {
		if err := s.driver.SetLegalHold(ctx, have.Ref, true); err != nil {
			return fmt.Errorf("set the legal hold of what is stored: %w", err)
		}
	}
	want.LegalHold = have.Lock.LegalHold
	for range strengthenTries {
		if have.Lock.Covers(want) {
			return nil
		}
		err := s.driver.Extend(ctx, have.Ref, retention.Stronger(have.Lock, want))
		if err == nil {
			return nil
		}
		if !errors.Is(err, ErrWouldWeaken) {
			return fmt.Errorf("extend the lock of what is stored: %w", err)
		}
		if have, err = s.driver.State(ctx, have.Ref); err != nil { // it has grown since we looked
			return fmt.Errorf("look at the lock of what is stored: %w", err)
		}
		want.LegalHold = have.Lock.LegalHold
	}
	return fmt.Errorf("%w: the lock of what is stored grew faster than it could be extended", ErrConflict)
}

func (s *Store) hash(ctx context.Context, ref Ref) (Digest, error) {
	body, err := s.driver.Open(ctx, ref)
	if err != nil {
		return Digest{}, err
	}
	defer body.Close()
	return hashAll(body)
}
