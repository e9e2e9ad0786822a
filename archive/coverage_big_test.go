package archive_test

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/fileworm"
)

// manyDecisions takes n decisions, in no order, without holding them.
func manyDecisions(n int) iter.Seq2[archive.Decision, error] {
	return func(yield func(archive.Decision, error) bool) {
		for i := range n {
			if !yield(decidedNumber(i*7919%n), nil) { // 7919 is a prime that no n here is a multiple of
				return
			}
		}
	}
}

func decidedNumber(i int) archive.Decision {
	return decided(fmt.Sprintf("pp-%07d", i), "promote", ten.Add(time.Duration(i)*time.Second))
}

// unindexed drops the log's index entries, one for each row, which no reading of all
// rows needs.
type unindexed struct{ worm.Driver }

func (d unindexed) Create(ctx context.Context, in worm.Creation) (worm.Ref, error) {
	if strings.HasPrefix(in.Key, "log/by/") {
		return worm.Ref{Key: in.Key}, nil
	}
	return d.Driver.Create(ctx, in)
}

// exportMany leaves in a directory the log of n decisions, of which each so manieth was
// exported, and recorded in time.
func exportMany(t testing.TB, dir string, n, each int) {
	t.Helper()
	d, err := fileworm.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	store, err := worm.New(t.Context(), unindexed{d})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	log := exportlog.Open(store, exportlog.Config{Clock: func() time.Time { return ten.AddDate(0, 0, -1) }})
	defer log.Close()
	for start := 0; start < n; start += 4000 * each {
		var rows []exportlog.Row
		for i := start; i < min(start+4000*each, n); i += each {
			d := decidedNumber(i)
			rows = append(rows, exportlog.Row{
				Kind: exportlog.KindExport, PromotionPacketID: d.PromotionPacketID, PromotionDecision: d.PromotionDecision, PromotionDecisionAtUTC: d.PromotionDecisionAtUTC,
				ExportedAtUTC: d.PromotionDecisionAtUTC.Add(time.Minute), RetentionClass: retention.Standard, IdempotencyKey: d.PromotionPacketID,
			})
		}
		if _, err := log.Append(t.Context(), rows...); err != nil {
			t.Fatal(err)
		}
	}
	if err := log.Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// A fifth of a million decisions are compared in memory that would not hold them, and
// what is found is written as it comes.
func TestCoverageStreams(t *testing.T) {
	n, allowed := 200_000, uint64(64<<20)
	if testing.Short() {
		n = 40_000
	}
	dir := t.TempDir()
	const each = 40
	exportMany(t, dir, n, each)
	a := inDirectory(t, dir, archive.Config{Clock: func() time.Time { return ten.AddDate(0, 1, 0) }})
	peak := watchHeap(t)
	var lines counter
	summary, err := a.Coverage(t.Context(), archive.CoverageInput{Decisions: manyDecisions(n), TempDir: t.TempDir()}, archive.CoverageCSV(&lines))
	grown := peak()
	if err != nil {
		t.Fatal(err)
	}
	if missing := int64(n - n/each); summary.Findings[archive.CoverageMissing] != missing || summary.Total() != missing || summary.InTime != int64(n)-missing || int64(lines) != missing+1 {
		t.Errorf("%d lines, %+v", lines, summary)
	}
	if t.Logf("%d decisions: the heap grew by %d KiB at most", n, grown>>10); grown > allowed {
		t.Errorf("the heap grew by %d MiB, allowed are %d", grown>>20, allowed>>20)
	}
}

// counter counts lines.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(strings.Count(string(p), "\n"))
	return len(p), nil
}

// BenchmarkCoverage compares a million decisions with a log of 125,000 rows in a
// directory, and reports by how much the heap grew at most.
func BenchmarkCoverage(b *testing.B) {
	const n = 1_000_000
	dir := b.TempDir()
	exportMany(b, dir, n, 8)
	a := inDirectory(b, dir, archive.Config{Clock: func() time.Time { return ten.AddDate(0, 1, 0) }})
	for b.Loop() {
		peak := watchHeap(b)
		summary, err := a.Coverage(b.Context(), archive.CoverageInput{Decisions: manyDecisions(n), TempDir: b.TempDir()}, nil)
		if err != nil || summary.InTime != n/8 {
			b.Fatalf("%+v, %v", summary, err)
		}
		b.ReportMetric(float64(peak()>>20), "MiB-heap")
	}
}
