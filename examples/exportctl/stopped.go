package main

import (
	"errors"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
)

// stoppedError is something long that ended early, and how to go on with it.
type stoppedError struct {
	err  error
	todo string
}

func (e stoppedError) Error() string { return e.err.Error() }
func (e stoppedError) Unwrap() error { return e.err }

// stopped adds how to go on to an error that ended something early. Findings, and parts
// of a change that failed, are no early end.
func stopped(err error, todo string) error {
	for _, whole := range []error{nil, archive.ErrNotConfirmed, archive.ErrPartial, exportlog.ErrDamaged} {
		if errors.Is(err, whole) {
			return err
		}
	}
	return stoppedError{err, todo}
}
