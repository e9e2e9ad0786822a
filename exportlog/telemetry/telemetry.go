package telemetry

import (
	"context"
	"log/slog"

	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
)

// Scope is the name of the instrumentation scope of all spans and metrics.
const Scope = "github.com/holdfast-archive/holdfast"

// Config is where to report. What is nil is not reported, and costs next to nothing.
type Config struct {
	Logger         *slog.Logger
	TracerProvider trace.TracerProvider
	MeterProvider  metric.MeterProvider
}

// Watch reports what one package does. It is safe for concurrent use.
type Watch struct {
	Log   *slog.Logger // never nil
	Meter metric.Meter // never nil; for what only that package counts

	tracer   trace.Tracer // nil is off
	metered  bool
	duration metric.Float64Histogram
	retries  metric.Int64Counter
	findings metric.Int64Counter
	known    []error
}

// New returns a watch. The errors are the sentinels that error.type tells apart, in the
// order in which they are looked for.
func New(cfg Config, known ...error) *Watch {
	w := &Watch{Log: cfg.Logger, Meter: metricnoop.Meter{}, known: known}
	if w.Log == nil {
		w.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.TracerProvider != nil {
		w.tracer = cfg.TracerProvider.Tracer(Scope)
	}
	if w.metered = cfg.MeterProvider != nil; w.metered {
		w.Meter = cfg.MeterProvider.Meter(Scope)
	}
	w.duration = w.Seconds("holdfast.operation.duration", "How long an operation took.",
		0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)
	w.retries = w.Counter("holdfast.retries", "{retry}", "What was done again, and why.")
	w.findings = w.Counter("holdfast.findings", "{finding}", "Evidence that was found not to be what it should be.")
	return w
}

// Counter makes an instrument. One that the provider refuses counts nothing, and the log
// says so.
func (w *Watch) Counter(name, unit, description string) metric.Int64Counter {
	c, err := w.Meter.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(description))
	if err != nil || c == nil {
		w.refused(name, err)
		return metricnoop.Int64Counter{}
	}
	return c
}

// Gauge makes an instrument of which the last value counts. See [Watch.Counter] for one
// that the provider refuses.
func (w *Watch) Gauge(name, unit, description string) metric.Int64Gauge {
	g, err := w.Meter.Int64Gauge(name, metric.WithUnit(unit), metric.WithDescription(description))
	if err != nil || g == nil {
		w.refused(name, err)
		return metricnoop.Int64Gauge{}
	}
	return g
}

// Seconds makes a histogram of times in seconds, with buckets that end at the bounds
// given. See [Watch.Counter] for one that the provider refuses.
func (w *Watch) Seconds(name, description string, bounds ...float64) metric.Float64Histogram {
	h, err := w.Meter.Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(description), metric.WithExplicitBucketBoundaries(bounds...))
	if err != nil || h == nil {
		w.refused(name, err)
		return metricnoop.Float64Histogram{}
	}
	return h
}

// Bytes makes a histogram of sizes in bytes, otherwise like [Watch.Seconds].
func (w *Watch) Bytes(name, description string, bounds ...float64) metric.Int64Histogram {
	h, err := w.Meter.Int64Histogram(name, metric.WithUnit("By"), metric.WithDescription(description), metric.WithExplicitBucketBoundaries(bounds...))
	if err != nil || h == nil {
		w.refused(name, err)
		return metricnoop.Int64Histogram{}
	}
	return h
}

func (w *Watch) refused(name string, err error) {
	w.Log.LogAttrs(context.Background(), slog.LevelWarn, "the metric is not recorded: the provider refuses it", slog.String("metric", name), slog.Any("error", err))
}
