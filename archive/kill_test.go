package archive_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/fileworm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
)

// killedJob exports two sample folders in a batch, and dies on the way.
func killedJob(ctx context.Context, driver worm.Driver) error {
	driver, err := killPoint(driver)
	if err != nil {
		return err
	}
	a, err := openJob(ctx, driver)
	if err != nil {
		return err
	}
	packets, err := twoFolders()
	if err != nil {
		return err
	}
	if _, err := a.ExportBatch(ctx, packets); err != nil {
		return err
	}
	return a.Close()
}

func twoFolders() ([]archive.Packet, error) {
	one, err := archive.ReadFolder(os.DirFS(samplePackets + "/packet-00"))
	if err != nil {
		return nil, err
	}
	other, err := archive.ReadFolder(os.DirFS(samplePackets + "/packet-01"))
	return []archive.Packet{one, other}, err
}

// A process killed before or after any of its writes, and then run again, leaves
// the same objects as one that was left in peace: the same bytes, one manifest,
// and rows that differ in nothing but the bucket's path, the signature's digest
// and the writer's nonce.
func TestKilledAtEachWrite(t *testing.T) {
	key := filepath.Join(t.TempDir(), "key")
	t.Setenv("HOLDFAST_KEY", key)
	packets, err := twoFolders()
	if err != nil {
		t.Fatal(err)
	}

	peaceful := t.TempDir()
	counted := countWrites(t, peaceful, packets)
	want := steady(t, peaceful)
	if counted != 11 { // two packets, three exhibits, the manifest, the commit; in the background, two index entries a row
		t.Errorf("an export of two packets took %d writes, want 11", counted)
	}
	atEachWrite(t, counted, func(t *testing.T, kill ...string) {
		bucket := t.TempDir()
		err := start(t, "killed", bucket, key, kill...).Run()
		if err == nil || !strings.Contains(err.Error(), "killed") {
			t.Fatalf("the process was not killed: %v", err)
		}
		a := openKeyed(t, bucket)
		if _, err := a.ExportBatch(t.Context(), packets); err != nil {
			t.Fatal(err)
		}
		if err := a.Log().Seal(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Verify(t.Context()); err != nil {
			t.Error(err)
		}
		wantEqual(t, "after the kill and a second run", steady(t, bucket), want)
	})
}

// atEachWrite tests, in parallel, what is so when a process was killed before or after each
// of its writes; kill is what tells it where.
func atEachWrite(t *testing.T, writes int, test func(t *testing.T, kill ...string)) {
	t.Helper()
	t.Run("killed", func(t *testing.T) {
		for n := 1; n <= writes; n++ {
			for _, when := range []string{"before", "after"} {
				t.Run(fmt.Sprintf("%s write %d", when, n), func(t *testing.T) {
					t.Parallel()
					test(t, fmt.Sprintf("HOLDFAST_KILL_AT=%d", n), "HOLDFAST_KILL="+when)
				})
			}
		}
	})
}

func countWrites(t *testing.T, bucket string, packets []archive.Packet) int {
	t.Helper()
	driver, err := fileworm.New(bucket)
	if err != nil {
		t.Fatal(err)
	}
	counting := &wormtest.Faulty{Driver: driver}
	a, err := openJob(t.Context(), counting)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if _, err := a.ExportBatch(t.Context(), packets); err != nil {
		t.Fatal(err)
	}
	if err := a.Log().Close(); err != nil { // waits for what is derived in the background
		t.Fatal(err)
	}
	return counting.Writes()
}

// steady is what must be the same in every run. Lock records and staging are the
// driver's own.
func steady(t *testing.T, bucket string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for path, content := range snapshot(t, bucket) {
		switch {
		case strings.HasPrefix(filepath.Base(path), "."), strings.HasPrefix(path, ".staging/"):
		case strings.HasPrefix(path, "manifests/"):
			files[filepath.Dir(path)] += "one manifest "
		case strings.HasPrefix(path, "log/by/"):
			files[path] = fmt.Sprintf("%d line", strings.Count(content, "\n"))
		case strings.HasPrefix(path, "log/"):
			files[path] = steadyRows(t, bucket, content)
		default:
			files[path] = content
		}
	}
	return files
}

func steadyRows(t *testing.T, bucket, content string) string {
	t.Helper()
	var b strings.Builder
	for _, r := range rows(t, openKeyed(t, bucket)) {
		if !strings.Contains(content, string(r.Line())) {
			t.Errorf("row %d is not in its commit", r.ExportRowID)
		}
		uri := r.ArchiveURI[strings.Index(r.ArchiveURI, "packets/"):]
		fmt.Fprintf(&b, "%+v\n", exportlog.Row{
			ExportRowID: r.ExportRowID, Kind: r.Kind, PromotionPacketID: r.PromotionPacketID, ExportBatchID: r.ExportBatchID, ArchiveURI: uri,
			PacketSHA256: r.PacketSHA256, RetentionClass: r.RetentionClass, RetainUntilUTC: r.RetainUntilUTC, ExportedAtUTC: r.ExportedAtUTC,
			IdempotencyKey: r.IdempotencyKey, ReexportOfExportRowID: r.ReexportOfExportRowID,
		})
	}
	return b.String()
}

// openKeyed opens a bucket as the jobs do.
func openKeyed(t *testing.T, bucket string) *archive.Archive {
	t.Helper()
	driver, err := fileworm.New(bucket)
	if err != nil {
		t.Fatal(err)
	}
	a, err := openJob(t.Context(), driver)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}
