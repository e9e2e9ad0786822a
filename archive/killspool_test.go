package archive_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/fileworm"
)

// spoolJob exports a packet while the bucket is down, and dies while its exhibit is
// being written to the spool.
func spoolJob(ctx context.Context, driver worm.Driver) error {
	b := &outage{Driver: driver}
	b.begin(worm.ErrUnavailable)
	a, err := openJob(ctx, b)
	if err != nil {
		return err
	}
	p, err := spooledPacket(1)
	if err != nil {
		return err
	}
	opened := 0
	p = p.With(archive.Exhibit{Name: "recording.bin", Open: func() (io.ReadCloser, error) {
		opened++
		if opened == 2 { // the first time it is hashed
			return io.NopCloser(io.MultiReader(strings.NewReader(strings.Repeat("x", 1<<20)), readerThatKills{})), nil
		}
		return io.NopCloser(strings.NewReader(strings.Repeat("x", 2<<20))), nil
	}})
	_, err = a.Export(ctx, p)
	return err
}

type readerThatKills struct{}

func (readerThatKills) Read([]byte) (int, error) {
	syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// drainJob flushes the spool, and dies at one of the bucket's writes.
func drainJob(ctx context.Context, driver worm.Driver) error {
	driver, err := killPoint(driver)
	if err != nil {
		return err
	}
	a, err := openJob(ctx, driver)
	if err != nil {
		return err
	}
	if _, err := a.Flush(ctx); err != nil {
		return err
	}
	return a.Close()
}

func spooledPacket(n int) (archive.Packet, error) {
	return archive.ParseJSON(fmt.Appendf(nil, `{"promotion_packet_id": "pp-%d", "promotion_decision": "promote", "promotion_decision_at_utc": "2026-08-04T10:0%d:00Z"}`, n, n))
}

// spoolThree leaves three packets in the spool of a bucket that is down.
func spoolThree(t *testing.T, bucket string) {
	t.Helper()
	d, err := fileworm.New(bucket)
	if err != nil {
		t.Fatal(err)
	}
	b := &outage{Driver: d}
	b.begin(worm.ErrUnavailable)
	a, err := openJob(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	for _, n := range []int{2, 3, 1} {
		p, err := spooledPacket(n)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.Export(t.Context(), p.With(exhibit("scorecard.pdf", fmt.Sprint("green ", n)))); !errors.Is(err, archive.ErrPending) {
			t.Fatal(err)
		}
	}
}

func spoolDirs(t *testing.T) (bucket, key string) {
	t.Helper()
	bucket, key = t.TempDir(), filepath.Join(t.TempDir(), "key")
	t.Setenv("HOLDFAST_KEY", key)
	t.Setenv("HOLDFAST_SPOOL", t.TempDir())
	return bucket, key
}

// Killed while a packet is being spooled, nothing of it is there and nobody was told
// that it is; what was there before still is, and the same export again goes in.
func TestKilledWhileSpooling(t *testing.T) {
	bucket, key := spoolDirs(t)
	spoolThree(t, bucket)
	if err := start(t, "spool", bucket, key).Run(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("the process was not killed: %v", err)
	}
	a := openKeyed(t, bucket)
	if got := waiting(t, a); got != "pp-1 pp-2 pp-3" {
		t.Errorf("waiting: %s", got)
	}
	if _, err := a.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantThree(t, a)
}

// Killed before or after any write of a drain, between row and removal among them:
// nothing is lost and nothing is exported twice.
func TestKilledWhileDraining(t *testing.T) {
	const writes = 8 // three packets, three exhibits, the manifest, the commit
	for n := 1; n <= writes; n++ {
		for _, when := range []string{"before", "after"} {
			t.Run(fmt.Sprintf("%s write %d", when, n), func(t *testing.T) {
				bucket, key := spoolDirs(t)
				spoolThree(t, bucket)
				err := start(t, "drain", bucket, key, fmt.Sprintf("HOLDFAST_KILL_AT=%d", n), "HOLDFAST_KILL="+when).Run()
				if err == nil || !strings.Contains(err.Error(), "killed") {
					t.Fatalf("the process was not killed: %v", err)
				}
				a := openKeyed(t, bucket)
				if got := waiting(t, a); got != "pp-1 pp-2 pp-3" {
					t.Errorf("after the kill there wait %s", got)
				}
				logged := n == writes && when == "after"
				if got := len(rows(t, a)); logged != (got == 3) || !logged && got > 0 {
					t.Errorf("after the kill there are %d rows", got)
				}
				receipts, err := a.Flush(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range receipts {
					if r.AlreadyExported != logged {
						t.Errorf("row %d: already exported: %t", r.ExportRowID, r.AlreadyExported)
					}
				}
				wantThree(t, a)
			})
		}
	}
}

func wantThree(t *testing.T, a *archive.Archive) {
	t.Helper()
	if got := exportedIDs(t, a); got != "pp-1 pp-2 pp-3" || waiting(t, a) != "" {
		t.Errorf("exported %s, waiting %s", got, waiting(t, a))
	}
	batches := map[string]bool{}
	for _, r := range rows(t, a) {
		batches[r.ExportBatchID] = true
	}
	if len(batches) != 1 {
		t.Errorf("%d manifests", len(batches))
	}
	report, err := a.Verify(t.Context())
	if err != nil || len(report.Superseded) > 0 {
		t.Errorf("verify: %v, superseded %v", err, report.Superseded)
	}
	if left, err := filepath.Glob(filepath.Join(os.Getenv("HOLDFAST_SPOOL"), "*", "*")); err != nil || slices.ContainsFunc(left, func(s string) bool { return strings.Contains(s, "entries") }) {
		t.Errorf("left in the spool: %v", left)
	}
}
