package worm

import (
	"context"
	"sync"
	"time"
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
