package worm

import (
	"context"
	"io"
	"iter"
	"sync"
	"time"

	"github.com/holdfast-archive/holdfast/retention"
)

// Usage is what was asked of a bucket.
type Usage struct {
	Requests   int           // a listing is one for every thousand keys; what a driver repeats or splits by itself is one
	RoundTrips int           // the most of these that were made one after the other
	Waited     time.Duration // until these RoundTrips were answered, added up
	Bytes      int64         // of bodies, read and written
}

// Latency is how long a round trip took, on average.
func (u Usage) Latency() time.Duration {
	if u.RoundTrips == 0 {
		return 0
	}
	return u.Waited / time.Duration(u.RoundTrips)
}

// Meter measures what is asked of buckets under a context. See [WithMeter].
type Meter struct {
	mu    sync.Mutex
	usage Usage
	last  time.Time // the end of the last of the RoundTrips
}

type meterKey struct{}

// WithMeter returns a context under which every [Store] measures what it asks of
// its bucket, until the meter is read with [Meter.Usage].
func WithMeter(ctx context.Context) (context.Context, *Meter) {
	m := &Meter{}
	return context.WithValue(ctx, meterKey{}, m), m
}

// Usage returns what was measured so far.
func (m *Meter) Usage() Usage {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.usage
}

// meterOf returns the meter of a context; nil for none, which measures nothing.
func meterOf(ctx context.Context) *Meter {
	m, _ := ctx.Value(meterKey{}).(*Meter)
	return m
}

// answered notes a request that was answered just now. Requests come here in the
// order in which they end, and so one is counted as a round trip exactly when it
// began after the last that was: no longer chain can be had.
func (m *Meter) answered(began time.Time) {
	if m == nil {
		return
	}
	now := time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.usage.Requests++
	if m.usage.RoundTrips == 0 || !began.Before(m.last) {
		m.usage.RoundTrips++
		m.usage.Waited += now.Sub(began)
		m.last = now
	}
}

func (m *Meter) moved(n int) {
	if m == nil || n <= 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.usage.Bytes += int64(n)
}

// meteredDriver measures for the meters of the contexts it is called with.
type meteredDriver struct{ Driver }

func (d meteredDriver) Create(ctx context.Context, in Creation) (Ref, error) {
	m := meterOf(ctx)
	if m != nil {
		in.Body = meteredBody{Reader: in.Body, meter: m}
	}
	defer m.answered(time.Now())
	return d.Driver.Create(ctx, in)
}

// createAll measures what is created together: a request for each, in one round trip.
func (s *Store) createAll(ctx context.Context, in []Creation) []error {
	m, began := meterOf(ctx), time.Now()
	errs := s.bulk.CreateAll(ctx, in)
	for i := range in {
		m.answered(began)
		if errs[i] == nil {
			m.moved(int(in[i].Size))
		}
	}
	return errs
}

func (d meteredDriver) Open(ctx context.Context, ref Ref) (io.ReadCloser, error) {
	m := meterOf(ctx)
	defer m.answered(time.Now())
	body, err := d.Driver.Open(ctx, ref)
	if err != nil || m == nil {
		return body, err
	}
	return meteredBody{Reader: body, Closer: body, meter: m}, nil
}

type meteredBody struct {
	io.Reader
	io.Closer
	meter *Meter
}

func (b meteredBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	b.meter.moved(n)
	return n, err
}

func (d meteredDriver) State(ctx context.Context, ref Ref) (Object, error) {
	defer meterOf(ctx).answered(time.Now())
	return d.Driver.State(ctx, ref)
}

func (d meteredDriver) List(ctx context.Context, prefix string) iter.Seq2[Entry, error] {
	return meterOf(ctx).pages(d.Driver.List(ctx, prefix))
}

func (d meteredDriver) ListHidden(ctx context.Context, prefix string) iter.Seq2[Entry, error] {
	return meterOf(ctx).pages(d.Driver.ListHidden(ctx, prefix))
}

// page is how many keys a cloud lists in one request.
const page = 1000

// pages measures a listing: the time until the first key of each page is there.
func (m *Meter) pages(entries iter.Seq2[Entry, error]) iter.Seq2[Entry, error] {
	if m == nil {
		return entries
	}
	return func(yield func(Entry, error) bool) {
		began, n := time.Now(), 0
		for e, err := range entries {
			if n%page == 0 {
				m.answered(began)
			}
			n++
			if !yield(e, err) {
				return
			}
			if n%page == 0 {
				began = time.Now()
			}
		}
		if n == 0 {
			m.answered(began)
		}
	}
}

func (d meteredDriver) Extend(ctx context.Context, ref Ref, to retention.Lock) error {
	defer meterOf(ctx).answered(time.Now())
	return d.Driver.Extend(ctx, ref, to)
}

func (d meteredDriver) SetLegalHold(ctx context.Context, ref Ref, on bool) error {
	defer meterOf(ctx).answered(time.Now())
	return d.Driver.SetLegalHold(ctx, ref, on)
}
