package main

import (
	"context"
	"fmt"
	"time"

	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// effort is what something took.
type effort struct {
	TookMS     float64 `json:"took_ms"`
	RoundTrips int     `json:"round_trips"` // one after the other
	Requests   int     `json:"requests"`
}

// measure runs something, and says what it took.
func (e *effort) measure(ctx context.Context, run func(context.Context) error) error {
	metered, meter := worm.WithMeter(ctx)
	began := time.Now()
	err := run(metered)
	usage := meter.Usage()
	*e = effort{TookMS: float64(time.Since(began).Microseconds()) / 1000, RoundTrips: usage.RoundTrips, Requests: usage.Requests}
	return err
}

// String says it to a person.
func (e effort) String() string {
	return fmt.Sprintf("%.0f ms: %s in %s", e.TookMS, screen.Count(e.Requests, "request"), screen.Count(e.RoundTrips, "round trip"))
}
