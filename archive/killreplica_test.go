package archive_test

import (
	"context"
	"crypto/rand"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/fileworm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
)

// replicateJob copies the bucket, and dies at one of the copy's writes.
func replicateJob(ctx context.Context, driver worm.Driver) error {
	a, err := openJob(ctx, driver)
	if err != nil {
		return err
	}
	to, err := fileworm.New(os.Getenv("HOLDFAST_REPLICA"))
	if err != nil {
		return err
	}
	dying, err := killPoint(to)
	if err != nil {
		return err
	}
	store, err := worm.New(ctx, dying)
	if err != nil {
		return err
	}
	r, err := a.Replica(store)
	if err != nil {
		return err
	}
	if _, err := r.Replicate(ctx, archive.Replication{}); err != nil {
		return err
	}
	return r.Close()
}

// A copy whose making was killed before or after any of its writes, of objects, holds,
// longer locks, commits and the signed head among them, says what it has and has nothing
// that is not whole; the next run completes it, to the byte as if nothing had been. The
// primary is not touched.
func TestKilledWhileReplicating(t *testing.T) {
	primary, key := t.TempDir(), filepath.Join(t.TempDir(), "key")
	t.Setenv("HOLDFAST_KEY", key)
	private, public, err := note.GenerateKey(rand.Reader, "log.example/release")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOLDFAST_LOG_KEY", private+"\n"+public)
	heldAndExtended(t, openKeyed(t, primary))
	before := snapshot(t, primary)

	peaceful := t.TempDir()
	var writes distinct
	replicateInto(t, primary, &wormtest.Faulty{Driver: directory(t, peaceful), Before: func(op wormtest.Op) { writes.add(op) }})
	want := evidence(t, peaceful)
	atEachWrite(t, len(writes.written), func(t *testing.T, kill ...string) {
		other := t.TempDir()
		err := start(t, "replicate", primary, key, append(kill, "HOLDFAST_REPLICA="+other)...).Run()
		if err == nil || !strings.Contains(err.Error(), "killed") {
			t.Fatalf("the process was not killed: %v", err)
		}
		for path, content := range evidence(t, other) {
			if want[path] != content {
				t.Errorf("after the kill the copy has %s, which is not whole or not of the primary", path)
			}
		}
		replicateInto(t, primary, directory(t, other))
		wantEqual(t, "the copy", evidence(t, other), want)
	})
	wantEqual(t, "the primary", snapshot(t, primary), before)
}

// heldAndExtended exports two packets together, holds the one and extends the other.
func heldAndExtended(t *testing.T, a *archive.Archive) {
	t.Helper()
	packets, err := twoFolders()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.ExportBatch(t.Context(), packets); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Hold(t.Context(), archive.Selection{PromotionPacketID: packets[0].Header.PromotionPacketID}, archive.Matter{ID: "M-1", Reason: "litigation", By: "legal/counsel"}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Extend(t.Context(), archive.Selection{PromotionPacketID: packets[1].Header.PromotionPacketID}, archive.Extension{RetentionClass: retention.Regulated, Reason: "it was regulated"}); err != nil {
		t.Fatal(err)
	}
	if err := a.Log().Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// replicateInto completes a copy, which then is in step, and an archive of its own.
func replicateInto(t *testing.T, primary string, to worm.Driver) {
	t.Helper()
	a := openKeyed(t, primary)
	store := wormtest.Store(t, to)
	r := replicaIn(t, a, store)
	if done := replicate(t, r, archive.Replication{}); done.Checkpoint.Size != done.Head.Size || done.Head.Size != 4 {
		t.Errorf("copied %+v", done)
	}
	wantInStep(t, r)
	if _, err := r.Verify(t.Context()); err != nil {
		t.Errorf("the primary, held to its copy: %v", err)
	}
	if _, err := r.Archive().Verify(t.Context()); err != nil {
		t.Errorf("the copy alone: %v", err)
	}
	if held := standing(t, r.Archive(), 1); !held.Held() {
		t.Errorf("on the copy row 1 is not held: %+v", held)
	}
	if err := r.Archive().Log().Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func standing(t *testing.T, a *archive.Archive, row int64) exportlog.Current {
	t.Helper()
	c, err := a.Log().CurrentOf(t.Context(), row)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func directory(t *testing.T, dir string) worm.Driver {
	t.Helper()
	d, err := fileworm.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// evidence is what lies in a bucket, without the driver's own staging and records.
func evidence(t *testing.T, bucket string) map[string]string {
	t.Helper()
	files := snapshot(t, bucket)
	maps.DeleteFunc(files, func(path, _ string) bool {
		return strings.HasPrefix(filepath.Base(path), ".") || strings.HasPrefix(path, ".staging/")
	})
	return files
}
