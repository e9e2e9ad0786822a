package archive_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// own is how many packets each process of a crowd has to itself.
const own = 16

// crowdJob exports the sample register, and packets that are this process's own, half of
// them one by one and then all in a batch.
func crowdJob(ctx context.Context, driver worm.Driver) error {
	a, err := openJob(ctx, driver)
	if err != nil {
		return err
	}
	packets, err := readRegister()
	if err != nil {
		return err
	}
	for i := range own {
		p, err := archive.ParseJSON(fmt.Appendf(nil, `{"promotion_packet_id": "own-%s-%d", "promotion_decision": "promote", "promotion_decision_at_utc": "2026-08-04T10:22:00Z"}`,
			os.Getenv("HOLDFAST_WHO"), i))
		if err != nil {
			return err
		}
		packets = append(packets, p)
	}
	for i := 0; i < len(packets); i += 2 {
		if _, err := a.Export(ctx, packets[i]); err != nil {
			return err
		}
	}
	_, err = a.ExportBatch(ctx, packets)
	return errors.Join(err, a.Close())
}

// Eight processes at one directory, with the same packets and with their own.
func TestCrowd(t *testing.T) {
	const processes, register = 8, 60
	bucket, key := t.TempDir(), filepath.Join(t.TempDir(), "key")
	var running []*exec.Cmd
	for who := range processes {
		cmd := start(t, "crowd", bucket, key, fmt.Sprintf("HOLDFAST_WHO=%d", who))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		running = append(running, cmd)
	}
	for who, cmd := range running {
		if err := cmd.Wait(); err != nil {
			t.Errorf("process %d: %v", who, err)
		}
	}
	t.Setenv("HOLDFAST_KEY", key)
	a := openKeyed(t, bucket)
	seen := map[string]int64{}
	for i, r := range rows(t, a) {
		if r.ExportRowID != int64(i+1) {
			t.Fatalf("row %d stands at place %d", r.ExportRowID, i+1)
		}
		if other := seen[r.PromotionPacketID]; other != 0 {
			t.Errorf("%q is exported by row %d and row %d", r.PromotionPacketID, other, r.ExportRowID)
		}
		seen[r.PromotionPacketID] = r.ExportRowID
	}
	if want := register + processes*own; len(seen) != want {
		t.Errorf("%d packets are exported, want %d", len(seen), want)
	}
	report, err := a.Verify(t.Context())
	if err != nil {
		t.Error(err)
	}
	t.Logf("%d rows in %d commits; %d manifests superseded in races", report.Log.Head.Size, report.Log.Commits, len(report.Superseded))
}
