package worm

import (
	"errors"
	"fmt"
)

// What a caller decides on. Test with errors.Is; [ExistsError], [CorruptError]
// and [OutcomeUnknownError] carry the evidence.
var (
	// ErrNotFound: no such key, or no such version of it.
	ErrNotFound = errors.New("no such object")
	// ErrExists: the key is taken by other bytes. They are kept.
	ErrExists = errors.New("the key holds other content")
	// ErrConflict: another writer was at the same object at the same time and
	// nothing was stored by this one. Trying again is right.
	ErrConflict = errors.New("conflict with another writer")
	// ErrLocked: retention or a legal hold forbids what was asked.
	ErrLocked = errors.New("locked")
	// ErrWouldWeaken: the lock asked for is shorter or weaker than the one in
	// force. Nothing was changed.
	ErrWouldWeaken = errors.New("would weaken the lock in force")
	// ErrUnsupported: the bucket or its driver cannot do what was asked.
	ErrUnsupported = errors.New("unsupported by this bucket")
	// ErrOutcomeUnknown: the write may or may not have been, or yet be, stored.
	ErrOutcomeUnknown = errors.New("outcome unknown")
	// ErrUnavailable: the backend does not answer, or answers that it cannot do it
	// now. Nothing is wrong with what was asked; asking later is right.
	ErrUnavailable = errors.New("unavailable")
	// ErrCorrupt: the bytes are not the ones that were stored.
	ErrCorrupt = errors.New("content differs from its digest")
	// ErrTooLarge: the object is larger than the caller is ready to read.
	ErrTooLarge = errors.New("larger than expected")
	// ErrBadURL: a bucket cannot be opened as its URL has it: nothing knows the scheme,
	// a parameter is wrong, or the directory is not there. No bucket was asked.
	ErrBadURL = errors.New("bad URL of a bucket")
	// ErrBadKey: the key cannot be stored on every backend.
	ErrBadKey = errors.New("bad key")
	// ErrForeignURI: the archive_uri names another bucket.
	ErrForeignURI = errors.New("URI of another bucket")
)

// urlError is a bucket that cannot be opened as its URL has it. It matches [ErrBadURL].
type urlError struct {
	url string // without a password; empty if it cannot be told from one
	err error
}

func (e *urlError) Error() string {
	if e.url == "" {
		return fmt.Sprintf("worm: open bucket: %v", e.err)
	}
	return fmt.Sprintf("worm: open bucket %s: %v", e.url, e.err)
}

// Is matches ErrBadURL.
func (e *urlError) Is(target error) bool { return target == ErrBadURL }

// Unwrap returns why.
func (e *urlError) Unwrap() error { return e.err }

// ExistsError says which bytes hold the key. It matches [ErrExists].
type ExistsError struct {
	Ref        Ref
	Have, Want Digest
}

func (e *ExistsError) Error() string {
	return fmt.Sprintf("%v: %s has sha256 %s, wanted %s; what is stored is kept", ErrExists, e.Ref, e.Have, e.Want)
}

// Is matches ErrExists.
func (e *ExistsError) Is(target error) bool { return target == ErrExists }

// CorruptError says which object is not what it should be. It matches
// [ErrCorrupt].
type CorruptError struct {
	Ref       Ref
	Want, Got Digest
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("%v: %s should have sha256 %s, has %s", ErrCorrupt, e.Ref, e.Want, e.Got)
}

// Is matches ErrCorrupt.
func (e *CorruptError) Is(target error) bool { return target == ErrCorrupt }

// OutcomeUnknownError is a write that was neither acknowledged nor found when
// read back. Put the same bytes under the same key again to settle it. It
// matches [ErrOutcomeUnknown].
type OutcomeUnknownError struct {
	Key    string
	SHA256 Digest
	Cause  error
}

func (e *OutcomeUnknownError) Error() string {
	return fmt.Sprintf("%v: %s (sha256 %s) may yet be stored; put the same bytes again to settle it: %v", ErrOutcomeUnknown, e.Key, e.SHA256, e.Cause)
}

// Is matches ErrOutcomeUnknown.
func (e *OutcomeUnknownError) Is(target error) bool { return target == ErrOutcomeUnknown }

// Unwrap returns the error of the write itself.
func (e *OutcomeUnknownError) Unwrap() error { return e.Cause }
