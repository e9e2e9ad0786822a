// Package telemetry is how the packages of this module report what they do: to a
// [log/slog.Logger], and to OpenTelemetry's traces and metrics. Everything is off until
// [Config] has a logger or a provider, and no global one is ever asked for.
//
// Give the same Config to archive.Config or to exportlog.Config:
//
//	archive.Config{
//		Telemetry: telemetry.Config{
//			Logger:         slog.Default(),
//			TracerProvider: otel.GetTracerProvider(),
//			MeterProvider:  otel.GetMeterProvider(),
//		},
//	}
//
// The package archive says under "Watching it" which spans, metrics, attributes and log
// records there are. They follow OpenTelemetry's semantic conventions
// (https://opentelemetry.io/docs/specs/semconv/general/naming/): a span is named after
// its verb and object, attributes and metrics are in the namespace holdfast and spell
// fields as rows do, durations are in seconds, and what fails has an error.type. Ids are
// on spans and in log records, never on metrics. No packet's content, key or password is
// anywhere.
package telemetry
