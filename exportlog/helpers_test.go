package exportlog_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
)

var noon = time.Date(2026, 8, 4, 12, 0, 0, 0, time.UTC)

// open returns a log of the bucket behind a driver.
func open(t testing.TB, d worm.Driver) *exportlog.Log {
	t.Helper()
	store := wormtest.Store(t, d)
	l := exportlog.Open(store, exportlog.Config{
		Lock:     longest,
		Clock:    func() time.Time { return noon },
		Patience: 10 * time.Second,
	})
	t.Cleanup(func() { l.Close() })
	return l
}

func longest(at time.Time) retention.Lock {
	return retention.Lock{Mode: retention.Compliance, Until: retention.Years(7).From(at)}
}

func export(packet, key string) exportlog.Row {
	return exportlog.Row{
		Kind: exportlog.KindExport, PromotionPacketID: packet, PromotionDecision: "promote",
		ExportBatchID: "eb-" + packet, IdempotencyKey: key, ExportedAtUTC: noon,
	}
}

// fill appends n exports, one commit each.
func fill(t testing.TB, l *exportlog.Log, n int) {
	t.Helper()
	for i := range n {
		if _, err := l.Append(t.Context(), export(fmt.Sprintf("pp-%d", i+1), fmt.Sprintf("k-%d", i+1))); err != nil {
			t.Fatal(err)
		}
	}
}

func allRows(t testing.TB, l *exportlog.Log) []exportlog.Row {
	t.Helper()
	var rows []exportlog.Row
	for r, err := range l.Rows(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, r)
	}
	return rows
}

func bodyOf(t testing.TB, b *memworm.Bucket, key string) []byte {
	t.Helper()
	store := wormtest.Store(t, b)
	body, err := store.Read(t.Context(), worm.Ref{Key: key}, exportlog.MaxCommitBytes)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func commit(n int) string { return fmt.Sprintf("log/commits/000/000/000/%03d.jsonl", n) }

// wholeAndGapless checks that ids run from 1 and that no idempotency key is there twice.
func wholeAndGapless(t testing.TB, rows []exportlog.Row) {
	t.Helper()
	seen := map[string]int64{}
	for i, r := range rows {
		if r.ExportRowID != int64(i+1) {
			t.Fatalf("row %d stands at place %d", r.ExportRowID, i+1)
		}
		if other, twice := seen[r.IdempotencyKey]; twice {
			t.Fatalf("rows %d and %d have the same idempotency key %s", other, r.ExportRowID, r.IdempotencyKey)
		}
		seen[r.IdempotencyKey] = r.ExportRowID
	}
}

func lines(rows []exportlog.Row) string {
	var b strings.Builder
	for _, r := range rows {
		b.Write(r.Line())
	}
	return b.String()
}

func ids(rows []exportlog.Row) []int64 {
	var all []int64
	for _, r := range rows {
		all = append(all, r.ExportRowID)
	}
	return slices.Clip(all)
}
