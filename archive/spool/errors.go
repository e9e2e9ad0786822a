package spool

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
)

// What a caller decides on. Test with errors.Is.
var (
	// ErrFull: the entry does not fit into the spool's bounds, or onto the disk.
	// Nothing of it is kept.
	ErrFull = errors.New("the spool is full")
	// ErrDamaged: something in the spool is not as it was written, or does not belong
	// there. It is left as it is.
	ErrDamaged = errors.New("the spool is damaged")
	// ErrUnsafe: the directory is one that this package does not trust.
	ErrUnsafe = errors.New("unsafe directory")
	// ErrBadEntry: an entry that cannot be spooled, such as one with a file outside of
	// its folder.
	ErrBadEntry = errors.New("bad entry")
	// ErrChanged: a body was not the bytes that were announced.
	ErrChanged = errors.New("a file changed while it was being spooled")
)

// DamagedError lists what is wrong, by path below the spool's directory. It matches
// [ErrDamaged].
type DamagedError struct {
	Dir      string
	Problems []Problem
}

// Problem is one thing that is wrong.
type Problem struct {
	Path    string // below the directory
	Problem string
}

func (e *DamagedError) Error() string {
	texts := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		texts[i] = p.Path + ": " + p.Problem
	}
	return fmt.Sprintf("%v: %s: %s; it is left as it is: look at it, then put it right or move it away", ErrDamaged, e.Dir, strings.Join(texts, "; "))
}

// Is matches ErrDamaged.
func (e *DamagedError) Is(target error) bool { return target == ErrDamaged }

// full tells a disk that is full from other errors.
func full(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w: no room on the disk: %w", ErrFull, err)
	}
	return err
}
