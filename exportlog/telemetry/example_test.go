package telemetry_test

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/exportlog/telemetry"
	"github.com/holdfast-archive/holdfast/retention/worm"
	_ "github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// Spans go where the program's own go. An exporter to a collector stands in place of the one
// in memory, and a metric.MeterProvider beside it.
func ExampleConfig() {
	ctx := context.Background()
	spans := tracetest.NewInMemoryExporter()
	provider := trace.NewTracerProvider(trace.WithSyncer(spans))

	store, err := worm.Open(ctx, "mem://watched")
	check(err)
	log := exportlog.Open(store, exportlog.Config{Telemetry: telemetry.Config{TracerProvider: provider}})
	_, err = log.Append(ctx, exportlog.Row{Kind: exportlog.KindExport, PromotionPacketID: "pp-1", IdempotencyKey: "export:pp-1"})
	check(err)
	check(log.Close())
	for _, span := range spans.GetSpans() {
		fmt.Println(span.Name)
	}
	// Unordered output:
	// commit rows
	// append rows
	// derive index
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
