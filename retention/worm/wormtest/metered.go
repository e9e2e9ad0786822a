package wormtest

import (
	"context"
	"fmt"
	"io"
	"iter"
	"sync"
	"time"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// listPage is how many keys a cloud returns to one LIST request.
const listPage = 1000

// Metered is a driver as a cloud would have it: every request takes a round trip
// and is counted. In a bubble of testing/synctest, where time passes only when
// everybody waits, the time that something took divided by Latency is exactly the
// round trips it made one after the other.
type Metered struct {
	worm.Driver
	Latency time.Duration // of one request

	mu     sync.Mutex
	counts Requests
}

// Requests counts requests by kind.
type Requests struct{ Put, Get, Head, List, Other int }

// Sum returns all of them.
func (r Requests) Sum() int { return r.Put + r.Get + r.Head + r.List + r.Other }

// Sub returns the requests that were made since an earlier count.
func (r Requests) Sub(earlier Requests) Requests {
	return Requests{r.Put - earlier.Put, r.Get - earlier.Get, r.Head - earlier.Head, r.List - earlier.List, r.Other - earlier.Other}
}

func (r Requests) String() string {
	return fmt.Sprintf("%d requests: %d PUT, %d GET, %d HEAD, %d LIST, %d other", r.Sum(), r.Put, r.Get, r.Head, r.List, r.Other)
}

// Requests returns the requests so far.
func (m *Metered) Requests() Requests {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.counts
}

// request counts one and waits for its round trip.
func (m *Metered) request(ctx context.Context, count func(*Requests)) error {
	m.mu.Lock()
	count(&m.counts)
	m.mu.Unlock()
	timer := time.NewTimer(m.Latency)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Create implements [worm.Driver].
func (m *Metered) Create(ctx context.Context, in worm.Creation) (worm.Ref, error) {
	if err := m.request(ctx, func(r *Requests) { r.Put++ }); err != nil {
		return worm.Ref{}, err
	}
	return m.Driver.Create(ctx, in)
}

// Open implements [worm.Driver].
func (m *Metered) Open(ctx context.Context, ref worm.Ref) (io.ReadCloser, error) {
	if err := m.request(ctx, func(r *Requests) { r.Get++ }); err != nil {
		return nil, err
	}
	return m.Driver.Open(ctx, ref)
}

// State implements [worm.Driver].
func (m *Metered) State(ctx context.Context, ref worm.Ref) (worm.Object, error) {
	if err := m.request(ctx, func(r *Requests) { r.Head++ }); err != nil {
		return worm.Object{}, err
	}
	return m.Driver.State(ctx, ref)
}

// List implements [worm.Driver]: one request for every thousand keys.
func (m *Metered) List(ctx context.Context, prefix string) iter.Seq2[worm.Entry, error] {
	return m.paged(ctx, m.Driver.List(ctx, prefix))
}

// ListHidden implements [worm.Driver].
func (m *Metered) ListHidden(ctx context.Context, prefix string) iter.Seq2[worm.Entry, error] {
	return m.paged(ctx, m.Driver.ListHidden(ctx, prefix))
}

func (m *Metered) paged(ctx context.Context, entries iter.Seq2[worm.Entry, error]) iter.Seq2[worm.Entry, error] {
	return func(yield func(worm.Entry, error) bool) {
		page := func() bool {
			err := m.request(ctx, func(r *Requests) { r.List++ })
			return err == nil || yield(worm.Entry{}, err) && false
		}
		if !page() {
			return
		}
		n := 0
		for e, err := range entries {
			if n == listPage {
				if n = 0; !page() {
					return
				}
			}
			n++
			if !yield(e, err) {
				return
			}
		}
	}
}

// Extend implements [worm.Driver].
func (m *Metered) Extend(ctx context.Context, ref worm.Ref, to retention.Lock) error {
	if err := m.request(ctx, func(r *Requests) { r.Other++ }); err != nil {
		return err
	}
	return m.Driver.Extend(ctx, ref, to)
}

// SetLegalHold implements [worm.Driver].
func (m *Metered) SetLegalHold(ctx context.Context, ref worm.Ref, on bool) error {
	if err := m.request(ctx, func(r *Requests) { r.Other++ }); err != nil {
		return err
	}
	return m.Driver.SetLegalHold(ctx, ref, on)
}
