package exportlog

import (
	"errors"
	"fmt"
	"strings"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// What a caller decides on. Test with errors.Is; [DamagedError] and
// [UnknownOutcomeError] carry the evidence.
var (
	// ErrDamaged: rows are not what they were when they were written. A damaged
	// log is still read, but nothing is appended to it.
	ErrDamaged = errors.New("the log is damaged")
	// ErrOutcomeUnknown: the rows may or may not have been, or yet be, appended.
	ErrOutcomeUnknown = errors.New("outcome unknown")
	// ErrBadRow: a row cannot be appended as it is.
	ErrBadRow = errors.New("bad row")
	// ErrClosed: the log was closed.
	ErrClosed = errors.New("the log is closed")
)

// Finding is one thing that is not as it was written.
type Finding struct {
	Object      string // the key in the bucket
	ExportRowID int64  // the row concerned; 0 when no single row is
	Problem     string
}

func (f Finding) String() string {
	if f.ExportRowID == 0 {
		return f.Object + ": " + f.Problem
	}
	return fmt.Sprintf("row %d (%s): %s", f.ExportRowID, f.Object, f.Problem)
}

// DamagedError lists what is wrong with a log. It matches [ErrDamaged].
type DamagedError struct {
	Findings []Finding
}

func (e *DamagedError) Error() string {
	texts := make([]string, len(e.Findings))
	for i, f := range e.Findings {
		texts[i] = f.String()
	}
	return fmt.Sprintf("%v: %s", ErrDamaged, strings.Join(texts, "; "))
}

// Is matches ErrDamaged.
func (e *DamagedError) Is(target error) bool { return target == ErrDamaged }

// UnknownOutcomeError is an append that was neither acknowledged nor refused.
// Append rows with the same idempotency keys again to settle it: those that did
// get in are found and returned, the others are appended. It matches
// [ErrOutcomeUnknown].
type UnknownOutcomeError struct {
	IdempotencyKeys []string
	Object          string      // the commit last tried; empty when the caller stopped waiting
	SHA256          worm.Digest // of that commit
	Cause           error
}

func (e *UnknownOutcomeError) Error() string {
	return fmt.Sprintf("%v: %d rows (first idempotency_key %s) may or may not be in the log; append them again with the same keys to settle it: %v",
		ErrOutcomeUnknown, len(e.IdempotencyKeys), e.IdempotencyKeys[0], e.Cause)
}

// Is matches ErrOutcomeUnknown.
func (e *UnknownOutcomeError) Is(target error) bool { return target == ErrOutcomeUnknown }

// Unwrap returns why the outcome is not known.
func (e *UnknownOutcomeError) Unwrap() error { return e.Cause }
