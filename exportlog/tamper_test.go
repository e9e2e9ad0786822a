package exportlog_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/fileworm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
)

// What may happen to a log after it was written, one test each.

// grown is a bucket with a log of 1,300 rows: five blocks and a rest.
func grown(t *testing.T) *memworm.Bucket {
	b := memworm.New()
	grow(t, b, 1300)
	return b
}

func verifyNames(t *testing.T, b *memworm.Bucket, kind exportlog.FindingKind, object string, row int64) {
	t.Helper()
	report, err := open(t, b).Verify(t.Context(), exportlog.Scope{})
	if !errors.Is(err, exportlog.ErrDamaged) || !named(report, kind, object, row) {
		t.Errorf("no finding %q names %s and row %d: %v", kind, object, row, report.Findings)
	}
}

func replaced(t *testing.T, b *memworm.Bucket, key, old, new string) {
	t.Helper()
	body := bodyOf(t, b, key)
	if !bytes.Contains(body, []byte(old)) {
		t.Fatalf("%s has no %q", key, old)
	}
	if err := b.Tamper(key, bytes.Replace(body, []byte(old), []byte(new), 1)); err != nil {
		t.Fatal(err)
	}
}

func lineOf(t *testing.T, b *memworm.Bucket, row int64) string {
	t.Helper()
	rows, err := open(t, b).Find(t.Context(), exportlog.Query{ExportRowID: row})
	if err != nil || len(rows) != 1 {
		t.Fatalf("row %d: %v", row, err)
	}
	return string(rows[0].Line())
}

func TestFailureRowEdited(t *testing.T) {
	b := grown(t)
	replaced(t, b, commit(1), `"pp-17"`, `"pp-71"`)
	verifyNames(t, b, exportlog.Edited, commit(1), 17)
}

func TestFailureRowDeleted(t *testing.T) {
	b := grown(t)
	replaced(t, b, commit(1), lineOf(t, b, 17), "")
	verifyNames(t, b, exportlog.Missing, commit(1), 18)
}

func TestFailureRowsReordered(t *testing.T) {
	b := grown(t)
	one, other := lineOf(t, b, 17), lineOf(t, b, 18)
	replaced(t, b, commit(1), one+other, other+one)
	verifyNames(t, b, exportlog.Reordered, commit(1), 17)
}

func TestFailureRowInserted(t *testing.T) {
	b := grown(t)
	line := lineOf(t, b, 17)
	replaced(t, b, commit(1), line, line+line)
	verifyNames(t, b, exportlog.Inserted, commit(1), 17)
}

func TestFailureLogTruncated(t *testing.T) {
	b, key := grown(t), checkpointKey(t)
	l := openWith(t, b, key)
	if _, err := l.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	last := commit(lastCommit(t, b))
	if err := b.Drop(last); err != nil {
		t.Fatal(err)
	}
	report, err := openWith(t, b, key).Verify(t.Context(), exportlog.Scope{})
	if !errors.Is(err, exportlog.ErrDamaged) || !slices.ContainsFunc(report.Findings, func(f exportlog.Finding) bool {
		return f.Kind == exportlog.Truncated && strings.HasPrefix(f.Object, "log/checkpoints/") && f.ExportRowID == 1300
	}) {
		t.Errorf("Verify saw %v", report.Findings)
	}
}

func TestFailureCommitOverwritten(t *testing.T) {
	b := grown(t)
	b.Overwrite(commit(1), []byte("{}\n"))
	report, err := open(t, b).Verify(t.Context(), exportlog.Scope{})
	if !errors.Is(err, exportlog.ErrDamaged) || !named(report, exportlog.Hidden, commit(1), 1) || len(report.Findings) != 1 || report.Head.Root.IsZero() {
		t.Errorf("the log that was painted over is intact; Verify saw %+v", report)
	}
}

func checkpointKey(t testing.TB) *exportlog.CheckpointKey {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, "log.example/release")
	if err != nil {
		t.Fatal(err)
	}
	key, err := exportlog.NewCheckpointKey(private, public)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func openWith(t testing.TB, d worm.Driver, key *exportlog.CheckpointKey) *exportlog.Log {
	t.Helper()
	store := wormtest.Store(t, d)
	l := exportlog.Open(store, exportlog.Config{Checkpoints: key})
	t.Cleanup(func() { l.Close() })
	return l
}

func lastCommit(t *testing.T, b *memworm.Bucket) (n int) {
	t.Helper()
	for range b.List(t.Context(), "log/commits/") {
		n++
	}
	return n
}

// A log that is no continuation of what was signed before is not signed.
func TestFailureCheckpointOfAnInconsistentTree(t *testing.T) {
	key := checkpointKey(t)
	one, other := memworm.New(), memworm.New()
	grow(t, one, 600)
	fill(t, open(t, other), 700)
	c, err := openWith(t, one, key).Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	other.Overwrite("log/checkpoints/000/000/000/600", c.Note)
	var damaged *exportlog.DamagedError
	if _, err := openWith(t, other, key).Checkpoint(t.Context()); !errors.As(err, &damaged) || damaged.Findings[0].Kind != exportlog.Forked || damaged.Findings[0].ExportRowID != 1 {
		t.Errorf("signed: %v", err)
	}
	report, err := openWith(t, other, key).Verify(t.Context(), exportlog.Scope{})
	if !errors.Is(err, exportlog.ErrDamaged) || !named(report, exportlog.Forked, "log/checkpoints/000/000/000/600", 1) {
		t.Errorf("Verify saw %v", report.Findings)
	}
	short := memworm.New()
	fill(t, open(t, short), 5)
	short.Overwrite("log/checkpoints/000/000/000/600", c.Note)
	if _, err := openWith(t, short, key).Checkpoint(t.Context()); !errors.As(err, &damaged) || damaged.Findings[0].Kind != exportlog.Truncated {
		t.Errorf("signed: %v", err)
	}
	foreign, err := openWith(t, other, checkpointKey(t)).Verify(t.Context(), exportlog.Scope{})
	if err == nil || !named(foreign, exportlog.BadCheckpoint, "log/checkpoints/000/000/000/600", 0) {
		t.Errorf("Verify with another key saw %v", foreign.Findings)
	}
}

// A checkpoint whose bytes are not those that were stored is named, and does not keep
// Verify from the rest.
func TestFailureCheckpointRewritten(t *testing.T) {
	dir, key := t.TempDir(), checkpointKey(t)
	driver, err := fileworm.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	l := openWith(t, driver, key)
	fill(t, l, 3)
	if _, err := l.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	const object = "log/checkpoints/000/000/000/003"
	path := filepath.Join(dir, object)
	if err := errors.Join(os.Chmod(path, 0o644), os.WriteFile(path, []byte("rewritten"), 0o644)); err != nil {
		t.Fatal(err)
	}
	report, err := openWith(t, driver, key).Verify(t.Context(), exportlog.Scope{})
	if !errors.Is(err, exportlog.ErrDamaged) || !named(report, exportlog.BadCheckpoint, object, 0) || report.Rows != 3 {
		t.Errorf("%d rows, %v", report.Rows, err)
	}
}
