package archive_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
)

// From S3 into a directory and from a directory to S3, holds and locks included; and a
// commit that is cut off a directory is seen from S3.
func TestReplicateBetweenStores(t *testing.T) {
	s3, dir := s3Bucket(t), "file://"+filepath.ToSlash(t.TempDir())
	for name, urls := range map[string][2]string{"S3 to a directory": {s3 + "&prefix=one/", dir}, "a directory to S3": {"file://" + filepath.ToSlash(t.TempDir()), s3 + "&prefix=two/"}} {
		t.Run(name, func(t *testing.T) {
			cfg := signing(t)
			a, err := archive.Open(t.Context(), urls[0], cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer a.Close()
			receipts := scene(t, a)
			if _, err := a.Hold(t.Context(), archive.Selection{PromotionPacketID: "pp-2"}, archive.Matter{ID: "M-1", Reason: "discovery", By: "legal/one"}); err != nil {
				t.Fatal(err)
			}
			r, err := a.OpenReplica(t.Context(), urls[1])
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			replicate(t, r, archive.Replication{})
			wantInStep(t, r)
			if _, err := r.Archive().Verify(t.Context()); err != nil {
				t.Error(err)
			}
			for _, receipt := range receipts {
				e, err := r.Archive().Retrieve(t.Context(), receipt.ArchiveURI)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := r.Archive().Confirm(t.Context(), e.Row); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// In a directory the newest row can be cut off with all that belongs to it, and leaves no
// trace there; the copy has it.
func TestTheThiefOfADirectoryIsSeenFromTheCopy(t *testing.T) {
	dir := t.TempDir()
	cfg := signing(t)
	a := inDirectory(t, dir, cfg)
	receipts := scene(t, a)
	store := second(t)
	replicate(t, replicaIn(t, a, store), archive.Replication{})
	last := receipts[2]
	for _, path := range []string{commitOf(4), manifestKey(last), "packets/" + last.PromotionPacketID, "log/by/packet/pp-3", "log/by/batch/" + last.ExportBatchID} {
		if err := os.RemoveAll(filepath.Join(dir, path)); err != nil {
			t.Fatal(err)
		}
	}
	thief := inDirectory(t, dir, cfg)
	if _, err := thief.Verify(t.Context()); err != nil {
		t.Errorf("the directory alone shows it: %v", err) // then the README may say so
	}
	r := replicaIn(t, thief, store)
	if report, err := r.Verify(t.Context()); !errors.Is(err, archive.ErrNotConfirmed) || !names(report.Findings, exportlog.Truncated, 4, "") {
		t.Errorf("Verify: %v", err)
	}
	c, err := r.Compare(t.Context(), archive.Comparison{})
	if !errors.Is(err, archive.ErrNotConfirmed) || !names(c.Findings, exportlog.Truncated, 4, "row 4, in commits") || !names(c.Findings, archive.LostByPrimary, 0, "") {
		t.Errorf("Compare: %v", err)
	}
}
