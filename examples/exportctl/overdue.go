package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// How long is waited, so that whoever is on call learns within ten seconds that nothing
// answers, and nobody waits for ever for what has answered before. What takes long is
// not cut off by either.
var (
	answerTime  = 8 * time.Second  // for the first answer of a bucket or a key
	silenceTime = 20 * time.Second // for any answer of a bucket, once there was one
)

// overdueError is a bound of ours that has passed.
type overdueError struct {
	words, todo string
}

func (e overdueError) Error() string { return e.words }

// Is makes it what it is: a deadline.
func (e overdueError) Is(target error) bool { return target == context.DeadlineExceeded }

// firstAnswer bounds how long is waited for the first answer of a bucket, or a key.
func firstAnswer(ctx context.Context, whose string) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, answerTime, overdueError{
		words: fmt.Sprintf("no answer from %s within %v", whose, answerTime),
		todo:  "A firewall or a proxy may swallow it: check the endpoint in the URL, and whether this machine may reach it.",
	})
}

// bounded is a command's context: it ends with --timeout, or when the bucket falls silent.
func (t *tool) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if t.shared.timeout <= 0 {
		return worm.WithPatience(ctx, silenceTime)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, t.shared.timeout, overdueError{
		words: fmt.Sprintf("it took longer than --timeout %v", t.shared.timeout),
		todo:  "Run the same command again: what is done is found. Give it longer, or none, if it moved.",
	})
	patient, stop := worm.WithPatience(ctx, silenceTime)
	return patient, func() { stop(); cancel() }
}

// overdue adds to an error that one of our bounds ended what was under way, if that was
// so.
func overdue(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	var late overdueError
	switch {
	case err == nil, errors.As(err, &late):
		return err
	case errors.As(cause, &late):
	case errors.Is(cause, worm.ErrUnavailable):
		late = overdueError{
			words: fmt.Sprintf("the bucket fell silent: it was asked, and nothing came back for %v", silenceTime),
			todo:  "Run the same command again when it answers: what is done is found. `exportctl doctor` looks at it step by step.",
		}
	default:
		return err
	}
	return endedError{late, err}
}

// endedError is what was under way, and ended because a bound of ours has passed.
type endedError struct {
	late overdueError
	err  error
}

func (e endedError) Error() string   { return e.err.Error() }
func (e endedError) Unwrap() []error { return []error{e.late, e.err} }
