package worm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// WithPatience returns a context that ends when a bucket that was asked for something
// under it keeps silent for d: no request is answered, and no byte of a body moves. An
// answer that the bucket cannot do it now is none. Work without end is not cut off, and
// neither is what takes long between requests; a deadline would do both.
//
// Its cause, [context.Cause], then is an error that matches [ErrUnavailable] and
// [context.DeadlineExceeded]. A write that was under way is [ErrOutcomeUnknown], as
// whenever a context ends.
//
// A driver sends a large body in parts, and does not tell how much of a part is sent. So
// while one is on its way, it has as long again as its next 32 MiB take at 256 KiB/s.
func WithPatience(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	p := &patience{limit: d, end: cancel}
	p.mu.Lock()
	p.timer = time.AfterFunc(d, func() { p.look(ctx) })
	p.mu.Unlock()
	return context.WithValue(ctx, patienceKey{}, p), func() { cancel(context.Canceled) }
}

type patienceKey struct{}

// patienceOf returns the patience of a context; nil has no end.
func patienceOf(ctx context.Context) *patience {
	p, _ := ctx.Value(patienceKey{}).(*patience)
	return p
}

// silentError is a bucket that was asked and kept silent.
type silentError struct{ limit time.Duration }

func (e silentError) Error() string {
	return fmt.Sprintf("%v: the bucket was asked, and no answer came for %v", ErrUnavailable, e.limit)
}

// Is matches what it comes to, and how it came about.
func (e silentError) Is(target error) bool {
	return target == ErrUnavailable || target == context.DeadlineExceeded
}

// patience waits for the signs of life of a bucket.
type patience struct {
	limit time.Duration
	end   context.CancelCauseFunc
	timer *time.Timer

	mu      sync.Mutex
	waiting int           // requests under way
	bodies  time.Duration // that the bodies among them may take without a sign
	silent  time.Time     // when something was asked or last heard; zero while nothing is awaited
}

// look ends the context if the silence has lasted for too long, and looks again when it
// will have.
func (p *patience) look(ctx context.Context) {
	if ctx.Err() != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	left := p.limit
	if !p.silent.IsZero() {
		left = time.Until(p.silent.Add(p.limit + p.bodies))
	}
	if left <= 0 {
		p.end(silentError{p.limit})
		return
	}
	p.timer.Reset(left)
}

// asked notes a request that goes out.
func (p *patience) asked(body int64) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting++
	p.bodies += sending(body)
	if p.silent.IsZero() {
		p.silent = time.Now()
	}
}

// sending is how long a body may take without a sign.
func sending(body int64) time.Duration {
	const parts, slowest = 32 << 20, 256 << 10 // bytes, and bytes a second
	return time.Duration(min(body, parts)) * time.Second / slowest
}

// answered notes the end of a request. One that ended without an answer leaves the
// silence as it is: what is asked again is still the same question.
func (p *patience) answered(body int64, err error) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting--
	p.bodies -= sending(body)
	if isAnswer(err) {
		p.heard()
	}
}

// moved notes a byte of a body.
func (p *patience) moved(n int) {
	if p == nil || n <= 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heard()
}

func (p *patience) heard() {
	p.silent = time.Time{}
	if p.waiting > 0 {
		p.silent = time.Now()
	}
}

// isAnswer reports whether a request ended because the bucket said something to it.
func isAnswer(err error) bool {
	for _, said := range []error{nil, io.EOF, ErrNotFound, ErrExists, ErrConflict, ErrLocked, ErrWouldWeaken, ErrUnsupported} {
		if errors.Is(err, said) {
			return true
		}
	}
	return false
}
