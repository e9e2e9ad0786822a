package archive_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// signing is config with a key for the log's checkpoints.
func signing(t testing.TB) archive.Config {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, "log.example/release")
	if err != nil {
		t.Fatal(err)
	}
	cfg := config(t)
	if cfg.Checkpoints, err = exportlog.NewCheckpointKey(private, public); err != nil {
		t.Fatal(err)
	}
	return cfg
}

// second is an empty bucket in memory, of another name.
func second(t testing.TB) *worm.Store {
	t.Helper()
	store, err := worm.Open(t.Context(), "mem://replica")
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func replicaIn(t testing.TB, a *archive.Archive, store *worm.Store) *archive.Replica {
	t.Helper()
	r, err := a.Replica(store)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func replicate(t testing.TB, r *archive.Replica, how archive.Replication) archive.Replicated {
	t.Helper()
	report, err := r.Replicate(t.Context(), how)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// inStep wants no difference.
func wantInStep(t testing.TB, r *archive.Replica) archive.Compared {
	t.Helper()
	c, err := r.Compare(t.Context(), archive.Comparison{})
	if err != nil {
		t.Fatal(err)
	}
	if c.Behind() != 0 || c.Primary != c.Replica || len(c.Waiting) > 0 {
		t.Errorf("not in step: %+v", c)
	}
	return c
}

func TestReplicate(t *testing.T) {
	a := over(t, memworm.New(), signing(t))
	receipts := scene(t, a)
	r := replicaIn(t, a, second(t))
	first := replicate(t, r, archive.Replication{})
	if first.Rows != 4 || first.Objects != 9 || first.Already != 0 || first.Checkpoint.Size != 4 { // 3 packets, exhibits, manifests
		t.Errorf("copied %+v", first)
	}
	wantInStep(t, r)
	ctx, meter := worm.WithMeter(t.Context())
	again, err := r.Replicate(ctx, archive.Replication{})
	if err != nil || again.Rows != 0 || again.Objects != 0 || again.Checkpoint.Size != 4 || meter.Usage().Requests != 6 {
		t.Errorf("copied once more: %+v, in %d requests, %v", again, meter.Usage().Requests, err)
	}
	if _, err := r.Archive().Verify(t.Context()); err != nil {
		t.Errorf("the copy alone does not verify: %v", err)
	}
	if _, err := r.Verify(t.Context()); err != nil {
		t.Errorf("the primary, held to its copy: %v", err)
	}
	// Without the primary, by the primary's own addresses.
	e, err := r.Archive().Retrieve(t.Context(), receipts[0].ArchiveURI)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := e.Document(t.Context()); err != nil || !strings.Contains(string(b), "pp-1") {
		t.Errorf("read %q, %v", b, err)
	}
	for _, receipt := range receipts {
		if _, err := r.Archive().Confirm(t.Context(), receipt.Row); err != nil {
			t.Errorf("on the copy: %v", err)
		}
	}
	if _, err := r.Archive().Export(t.Context(), packet(t, "pp-9")); !errors.Is(err, archive.ErrReadOnly) {
		t.Errorf("exported to the copy: %v", err)
	}
}

// In a directory, opened by its URL alone, with nothing but the public key.
func TestReplicaInDirectoryServesAlone(t *testing.T) {
	primary, other := t.TempDir(), t.TempDir()
	cfg := config(t)
	a := inDirectory(t, primary, cfg)
	receipts := scene(t, a)
	r, err := a.OpenReplica(t.Context(), "file://"+filepath.ToSlash(other))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	replicate(t, r, archive.Replication{})
	if err := a.Close(); err != nil { // what it derives in the background is written
		t.Fatal(err)
	}
	if err := os.RemoveAll(primary); err != nil {
		t.Fatal(err)
	}
	alone, err := archive.Open(t.Context(), "file://"+filepath.ToSlash(other), archive.Config{Verifier: cfg.Signer.Verifier(), Clock: cfg.Clock})
	if err != nil {
		t.Fatal(err)
	}
	defer alone.Close()
	for _, receipt := range receipts {
		e, err := alone.Retrieve(t.Context(), receipt.ArchiveURI)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := alone.Confirm(t.Context(), e.Row); err != nil {
			t.Error(err)
		}
	}
}

// long is an archive with 330 commits, replicated.
func long(t *testing.T, cfg archive.Config) (*memworm.Bucket, *worm.Store) {
	t.Helper()
	b := memworm.New()
	a := over(t, b, cfg)
	scene(t, a)
	for i := range 326 {
		row := exportlog.Row{Kind: exportlog.KindDrill, SubjectExportRowID: 1, PromotionPacketID: "pp-1", IdempotencyKey: fmt.Sprint("drill-", i)}
		if _, err := a.Log().Append(t.Context(), row); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Log().Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	copied := second(t)
	replicate(t, replicaIn(t, a, copied), archive.Replication{})
	return b, copied
}

func commitOf(n int) string { return fmt.Sprintf("log/commits/000/000/000/%03d.jsonl", n) }

// What cannot be seen in the primary alone is seen beside its copy.
func TestHarmToThePrimaryIsNamedByTheReplica(t *testing.T) {
	cut := func(n int) func(*testing.T, *memworm.Bucket) {
		return func(t *testing.T, b *memworm.Bucket) {
			for i := 331 - n; i <= 330; i++ {
				drop(t, b, commitOf(i))
			}
		}
	}
	for _, c := range []struct {
		name string
		harm func(*testing.T, *memworm.Bucket)
		kind exportlog.FindingKind
		row  int64
		says string // by Compare

		object string // or row, that Verify names
	}{
		{"the last commit cut off", cut(1), exportlog.Truncated, 330, "log: row 330, in", "with row 330"},
		{"the last 10 cut off", cut(10), exportlog.Truncated, 321, "rows 321 to 330", "rows 321 to 330"},
		{"the last 300 cut off", cut(300), exportlog.Truncated, 31, "rows 31 to 330", "rows 31 to 330"},
		{"two consecutive commits removed", func(t *testing.T, b *memworm.Bucket) {
			drop(t, b, commitOf(100))
			drop(t, b, commitOf(101))
		}, exportlog.Missing, 100, "rows 100 to 101", commitOf(100)},
		{"the mark rolled back", func(t *testing.T, b *memworm.Bucket) {
			for _, key := range keys(t, b) {
				if strings.HasPrefix(key, "log/head/") {
					drop(t, b, key)
				}
			}
		}, exportlog.DerivedMissing, 0, "rolled back", "log/head/999/999/999/998.json"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := signing(t)
			b, copied := long(t, cfg)
			c.harm(t, b)
			fresh := over(t, b, cfg) // a process that has not seen the log before
			r := replicaIn(t, fresh, copied)
			compared, err := r.Compare(t.Context(), archive.Comparison{})
			if !errors.Is(err, archive.ErrNotConfirmed) || !names(compared.Findings, c.kind, c.row, c.says) {
				t.Errorf("Compare: %v: %v", err, compared.Findings)
			}
			report, err := r.Verify(t.Context())
			if !errors.Is(err, archive.ErrNotConfirmed) || !names(report.Findings, c.kind, -1, "") || !about(report.Findings, c.object) {
				t.Errorf("Verify: %v: %v", err, report.Findings)
			}
			if _, err := r.Replicate(t.Context(), archive.Replication{}); c.kind == exportlog.Truncated && !errors.Is(err, exportlog.ErrDamaged) {
				t.Errorf("Replicate: %v", err)
			}
		})
	}
}

// Rows cut off and then replaced by others are a fork.
func TestReplicateRefusesAFork(t *testing.T) {
	cfg := signing(t)
	b, copied := long(t, cfg)
	drop(t, b, commitOf(330))
	fresh := over(t, b, cfg)
	for i := range 2 {
		if _, err := fresh.Export(t.Context(), packet(t, fmt.Sprint("pp-other-", i))); err != nil {
			t.Fatal(err)
		}
	}
	r := replicaIn(t, fresh, copied)
	_, err := r.Replicate(t.Context(), archive.Replication{})
	var damaged *exportlog.DamagedError
	if !errors.As(err, &damaged) || damaged.Findings[0].Kind != exportlog.Forked {
		t.Errorf("Replicate: %v", err)
	}
	if c, _ := r.Compare(t.Context(), archive.Comparison{}); !slices.ContainsFunc(c.Findings, func(f exportlog.Finding) bool { return f.Kind == archive.CopyDiffers && f.Object == commitOf(330) }) {
		t.Errorf("Compare: %v", c.Findings)
	}
	if report, _ := r.Verify(t.Context()); !names(report.Findings, exportlog.Forked, -1, "") {
		t.Errorf("Verify: %v", report.Findings)
	}
}

func drop(t testing.TB, b *memworm.Bucket, key string) {
	t.Helper()
	if err := b.Drop(key); err != nil {
		t.Fatal(err)
	}
}

// names reports whether a finding is of a kind, about a row, and says something; "" is any
// kind, -1 any row.
func names(findings []exportlog.Finding, kind exportlog.FindingKind, row int64, says string) bool {
	return slices.ContainsFunc(findings, func(f exportlog.Finding) bool {
		return (kind == "" || f.Kind == kind) && (row < 0 || f.ExportRowID == row) && strings.Contains(f.Problem, says)
	})
}

func about(findings []exportlog.Finding, what string) bool {
	return slices.ContainsFunc(findings, func(f exportlog.Finding) bool { return strings.Contains(f.String(), what) })
}

// Holds, releases and extensions come to objects that were copied before.
func TestReplicateFollowsLocks(t *testing.T) {
	b := memworm.New()
	b.SetClock(func() time.Time { return noon })
	cfg := config(t)
	a := over(t, b, cfg)
	scene(t, a)
	store := second(t)
	r := replicaIn(t, a, store)
	replicate(t, r, archive.Replication{})
	all := archive.Selection{Everything: true}
	if _, err := a.Hold(t.Context(), archive.Selection{PromotionPacketID: "pp-1"}, archive.Matter{ID: "M-1", Reason: "discovery", By: "legal/one"}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Extend(t.Context(), all, archive.Extension{RetentionClass: retention.Regulated, Reason: "listed"}); err != nil {
		t.Fatal(err)
	}
	c, err := r.Compare(t.Context(), archive.Comparison{ByRecord: true})
	if !errors.Is(err, archive.ErrNotConfirmed) || !names(c.Findings, archive.NotHeld, -1, "") || !names(c.Findings, archive.WeakLock, -1, "") || c.Behind() != 4 {
		t.Errorf("before: %v, %+v", err, c)
	}
	replicate(t, r, archive.Replication{})
	wantInStep(t, r)
	if _, err := r.Archive().Verify(t.Context()); err != nil {
		t.Error(err)
	}

	if _, err := a.Release(t.Context(), all, archive.Matter{ID: "M-1", Reason: "over", By: "legal/two"}); err != nil {
		t.Fatal(err)
	}
	held := func() int {
		n := 0
		for e, err := range store.List(t.Context(), "") {
			if err != nil {
				t.Fatal(err)
			}
			o, err := store.State(t.Context(), e.Ref)
			if err != nil {
				t.Fatal(err)
			}
			if o.Lock.LegalHold {
				n++
			}
		}
		return n
	}
	replicate(t, r, archive.Replication{})
	if held() != 3 { // packet, exhibit, manifest
		t.Errorf("%d objects of the copy are held after a release that was not to be copied", held())
	}
	replicate(t, r, archive.Replication{Again: 1, Releases: true})
	if held() != 0 {
		t.Errorf("%d objects of the copy are held after a release that was to be copied", held())
	}
}

// Whatever Replicate was cut off at, the copy is good as far as it goes, and the next call
// completes it.
func TestReplicateIsResumed(t *testing.T) {
	a := over(t, memworm.New(), config(t))
	scene(t, a)
	for fails := 1; ; fails++ {
		faulty := &failing{Driver: opened(t), at: fails}
		store, err := worm.New(t.Context(), faulty)
		if err != nil {
			t.Fatal(err)
		}
		r, err := a.Replica(store)
		if err != nil {
			t.Fatal(err)
		}
		_, err = r.Replicate(t.Context(), archive.Replication{})
		if err == nil {
			if fails < 13 {
				t.Errorf("only %d writes", fails)
			}
			break
		}
		if !errors.Is(err, errFailing) {
			t.Fatal(err)
		}
		c, err := r.Compare(t.Context(), archive.Comparison{})
		if err != nil {
			t.Errorf("after write %d failed: %v", fails, err)
		}
		if report, err := r.Archive().Verify(t.Context()); err != nil && !onlyIncomplete(report.Findings) {
			t.Errorf("after write %d failed, with %d rows behind: %v", fails, c.Behind(), err)
		}
		replicate(t, r, archive.Replication{})
		wantInStep(t, r)
	}
}

// onlyIncomplete reports whether nothing is found but that rows are still to come, which
// the manifests that were copied ahead of them know.
func onlyIncomplete(findings []exportlog.Finding) bool {
	return !slices.ContainsFunc(findings, func(f exportlog.Finding) bool { return f.Kind != archive.Unaccounted && f.Kind != exportlog.Truncated })
}

// Harm to an object does not keep what comes after it from being copied, and what the copy
// has lost is named and copied again.
func TestReplicateNamesHarm(t *testing.T) {
	b := memworm.New()
	a := over(t, b, config(t))
	scene(t, a)
	var exhibit string
	for _, key := range keys(t, b) {
		if strings.Contains(key, "pp-2") && strings.HasSuffix(key, "scorecard.pdf") {
			exhibit = key
		}
	}
	whole := []byte("yellow")
	if err := b.Tamper(exhibit, []byte("green!")); err != nil {
		t.Fatal(err)
	}
	r := replicaIn(t, a, second(t))
	report, err := r.Replicate(t.Context(), archive.Replication{})
	if !errors.Is(err, archive.ErrNotConfirmed) || !names(report.Findings, exportlog.Edited, 2, exhibit) || report.Rows != 4 {
		t.Errorf("%v: %+v", err, report)
	}
	if err := b.Tamper(exhibit, whole); err != nil {
		t.Fatal(err)
	}
	if c, _ := r.Compare(t.Context(), archive.Comparison{}); !names(c.Findings, archive.CopyMissing, 2, "") {
		t.Errorf("the object that was left out is not named: %v", c.Findings)
	}
	replicate(t, r, archive.Replication{Again: 2})
	wantInStep(t, r)
}

func TestReplicaNeedsItsOwnName(t *testing.T) {
	a := over(t, memworm.New(), config(t))
	store, err := worm.New(t.Context(), memworm.New())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Replica(store); err == nil || !strings.Contains(err.Error(), "another name") {
		t.Errorf("%v", err)
	}
}

// Whoever watches is told of each row that is copied, and of each object that is compared.
func TestReplicaTellsProgress(t *testing.T) {
	a := inDirectory(t, t.TempDir(), config(t))
	scene(t, a)
	r, err := a.OpenReplica(t.Context(), "file://"+filepath.ToSlash(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var copying, comparing []archive.Progress
	done, err := r.Replicate(t.Context(), archive.Replication{Progress: func(p archive.Progress) { copying = append(copying, p) }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Compare(t.Context(), archive.Comparison{Progress: func(p archive.Progress) { comparing = append(comparing, p) }}); err != nil {
		t.Fatal(err)
	}
	if len(copying) == 0 || copying[0] != (archive.Progress{Stage: archive.StageCopying, Done: 1, Of: done.Rows}) {
		t.Errorf("copying %d rows: %+v", done.Rows, copying)
	}
	if len(comparing) == 0 || comparing[0] != (archive.Progress{Stage: archive.StageComparing, Done: 1}) {
		t.Errorf("comparing: %+v", comparing)
	}
}
