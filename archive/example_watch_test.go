package archive_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"go.opentelemetry.io/otel"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog/telemetry"
	_ "github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// Exports are logged, traced and measured where the deploy tool's own work is.
func ExampleConfig_telemetry() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "key")
	check(err)
	defer os.RemoveAll(dir)
	signer, err := manifest.CreateKey(dir + "/holdfast.key")
	check(err)

	cfg := archive.Config{Signer: signer, Operator: "release-ops/pipeline-42"}
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: onlyWhatStays}))
	cfg.Telemetry = telemetry.Config{Logger: logger, TracerProvider: otel.GetTracerProvider(), MeterProvider: otel.GetMeterProvider()}
	a, err := archive.Open(ctx, "mem://watched", cfg)
	check(err)
	packet, err := archive.ParseJSON([]byte(`{"promotion_packet_id": "pp-1", "promotion_decision": "promote", "promotion_decision_at_utc": "2026-08-04T10:22:00Z"}`))
	check(err)
	_, err = a.Export(ctx, packet)
	check(err)
	fmt.Println(a.Close())
	// Output:
	// level=INFO msg=exported export_row_id=1 promotion_packet_id=pp-1 retention_class=standard already_exported=false
	// <nil>
}

// onlyWhatStays leaves out what is another from run to run.
func onlyWhatStays(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey || a.Key == "duration" || a.Key == "export_batch_id" {
		return slog.Attr{}
	}
	return a
}
