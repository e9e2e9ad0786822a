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
	// ErrNoProof: what was shown does not prove what it should.
	ErrNoProof = errors.New("not proven")
	// ErrClosed: the log was closed.
	ErrClosed = errors.New("the log is closed")
)

// FindingKind says what a finding is a sign of.
type FindingKind string

// The kinds of finding. Package archive has some of its own.
const (
	Edited         FindingKind = "edited"          // bytes were changed
	Missing        FindingKind = "missing"         // a row or a commit was taken out
	Reordered      FindingKind = "reordered"       // a row stands elsewhere than it did
	Inserted       FindingKind = "inserted"        // something was put in
	Truncated      FindingKind = "truncated"       // the end, which somebody has remembered, was cut off
	Forked         FindingKind = "forked"          // the log continued otherwise than somebody remembers
	Hidden         FindingKind = "hidden"          // a version lies behind a delete marker or a newer version
	Unlocked       FindingKind = "unlocked"        // a commit is under no lock, and should be
	DerivedDiffers FindingKind = "derived differs" // a derived object is not what the rows come to
	DerivedMissing FindingKind = "derived missing" // a derived object below a mark is absent; nothing is lost
	Void           FindingKind = "void"            // a correction says where evidence lies that was under legal hold; it is not applied
	BadCheckpoint  FindingKind = "bad checkpoint"  // a checkpoint is not signed by the log's key, or not of this log
)

// Finding is one thing that is not as it was written.
type Finding struct {
	Kind        FindingKind
	Object      string // the key in the bucket
	Version     string // of the object, where that matters
	ExportRowID int64  // the row concerned, or the first that it can be; 0 when no row is
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
	var texts []string
	for i, f := range e.Findings {
		if i == maxTold {
			texts = append(texts, fmt.Sprintf("and %d more", len(e.Findings)-i))
			break
		}
		texts = append(texts, f.String())
	}
	return fmt.Sprintf("%v: %s", ErrDamaged, strings.Join(texts, "; "))
}

// maxTold is how many findings an error's text lists; Findings has all.
const maxTold = 20

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
