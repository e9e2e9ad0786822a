package exportlog_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
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

// Every derived object, edited, cut short or emptied, is named, and nobody who
// reads is misled by it.
func TestFailureDerivedObjectWrong(t *testing.T) {
	for _, key := range derivedKeys(t, grown(t)) {
		for name, harm := range map[string]func([]byte) []byte{
			"edited":       func(b []byte) []byte { b = bytes.Clone(b); b[len(b)/2] ^= 1; return b },
			"half-written": func(b []byte) []byte { return b[:len(b)/2] },
			"empty":        func([]byte) []byte { return nil },
		} {
			t.Run(key+" "+name, func(t *testing.T) {
				b := grown(t)
				if err := b.Tamper(key, harm(bodyOf(t, b, key))); err != nil {
					t.Fatal(err)
				}
				verifyNames(t, b, exportlog.DerivedDiffers, key, 0)
				readsRight(t, b)
			})
		}
	}
}

// derivedKeys returns one derived object of each sort.
func derivedKeys(t *testing.T, b *memworm.Bucket) []string {
	var keys []string
	seen := map[string]bool{}
	for e, err := range b.List(t.Context(), "log/") {
		if err != nil {
			t.Fatal(err)
		}
		key := e.Ref.Key
		sort := strings.Join(strings.SplitN(key, "/", 4)[:3], "/")
		if strings.HasPrefix(key, "log/commits/") || strings.HasPrefix(key, "log/inbox/") || seen[sort] {
			continue
		}
		seen[sort] = true
		keys = append(keys, key)
	}
	if len(keys) != 7 { // by/batch, by/packet, blocks/256, a mark, tiles of two levels, entries
		t.Fatalf("sorts of derived objects: %v", keys)
	}
	return keys
}

// readsRight checks that a log of 1,300 rows reads as it was written.
func readsRight(t *testing.T, b *memworm.Bucket) {
	t.Helper()
	l := open(t, b)
	rows := allRows(t, l)
	wholeAndGapless(t, rows)
	if len(rows) != 1300 {
		t.Errorf("%d rows", len(rows))
	}
	for _, n := range []int{1, 2, 255, 256, 257, 700, 1024, 1300} {
		for _, q := range []exportlog.Query{{ExportRowID: int64(n)}, {PromotionPacketID: fmt.Sprintf("pp-%d", n)}, {ExportBatchID: fmt.Sprintf("eb-pp-%d", n)}} {
			found, err := l.Find(t.Context(), q)
			if err != nil || len(found) != 1 || found[0].PromotionPacketID != fmt.Sprintf("pp-%d", n) {
				t.Errorf("%+v found %v, %v", q, ids(found), err)
			}
		}
	}
	got, err := l.Append(t.Context(), numbered(1), numbered(1301))
	if err != nil || !got[0].Existing || got[0].ExportRowID != 1 || got[1].ExportRowID != 1301 {
		t.Errorf("appended %+v, %v", got, err)
	}
}

// The tiles at the right edge are all that a cold writer has of the tree. One who
// is fed others goes back to where the commits bear them out.
func TestFailureTamperedEdgeTile(t *testing.T) {
	b := grown(t)
	for _, tile := range []string{"log/tile/1/000.p/5", "log/tile/0/004"} {
		body := bodyOf(t, b, tile)
		body[3] ^= 1
		if err := b.Tamper(tile, body); err != nil {
			t.Fatal(err)
		}
	}
	l := open(t, b)
	if _, err := l.Append(t.Context(), numbered(1301)); err != nil {
		t.Fatal(err)
	}
	var damaged *exportlog.DamagedError
	if err := l.Close(); !errors.As(err, &damaged) || !strings.Contains(damaged.Findings[0].Object, "log/tile/1/000.p/5") {
		t.Errorf("closing says %v", err)
	}
	if rows := allRows(t, open(t, b)); len(rows) != 1301 {
		t.Errorf("%d rows", len(rows))
	}
}

// A mark that is gone, or says less, costs some reading; one that says something
// else is not believed.
func TestFailureRolledBackHint(t *testing.T) {
	b := grown(t)
	newest := "log/head/999/999/999/994.json"
	if err := b.Drop(newest); err != nil {
		t.Fatal(err)
	}
	readsRight(t, b)

	b = grown(t)
	if err := b.Tamper(newest, bodyOf(t, b, "log/head/999/999/999/996.json")); err != nil {
		t.Fatal(err)
	}
	readsRight(t, b)
	verifyNames(t, b, exportlog.DerivedDiffers, newest, 0)
}

func TestFailureForgedHintFarAhead(t *testing.T) {
	b := grown(t)
	b.Overwrite("log/head/000/000/000/001.json", []byte(`{"rows":255999999999744,"root_sha256":"`+worm.Sum(nil).String()+`","commit":3,"commit_first_row":255999999999000}`))
	readsRight(t, b)
	verifyNames(t, b, exportlog.Inserted, "log/head/000/000/000/001.json", 0)
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
	store, err := worm.New(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
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

// Index entries of rows above the last mark need not be there; those below it
// must, and Verify names those that are not.
func TestFailureMissingIndexEntry(t *testing.T) {
	b := grown(t)
	above, below := "log/by/packet/pp-1300/000000001300.json", "log/by/packet/pp-17/000000000017.json"
	for _, key := range []string{above, below} {
		if err := b.Drop(key); err != nil {
			t.Fatal(err)
		}
	}
	if found, err := open(t, b).Find(t.Context(), exportlog.Query{PromotionPacketID: "pp-1300"}); err != nil || len(found) != 1 {
		t.Errorf("found %v, %v", ids(found), err)
	}
	report, err := open(t, b).Verify(t.Context(), exportlog.Scope{})
	if !errors.Is(err, exportlog.ErrDamaged) || len(report.Findings) != 1 || !named(report, exportlog.DerivedMissing, below, 17) {
		t.Errorf("Verify saw %v", report.Findings)
	}
}

func TestFailureStrayDerivedObject(t *testing.T) {
	for _, key := range []string{
		"log/by/packet/pp-9/000000000017.json", "log/by/packet/pp-9/readme", "log/blocks/256/000/000/009.jsonl", "log/blocks/17/000/000/001.jsonl",
		"log/tile/0/999", "log/tile/9/000", "log/tile/x", "log/head/readme", "log/commits/readme",
	} {
		b := grown(t)
		b.Overwrite(key, []byte(lineOf(t, b, 17)))
		verifyNames(t, b, exportlog.Inserted, key, 0)
		readsRight(t, b)
	}
}

// A writer that dies while it derives, at whatever write, leaves a log that reads
// right, and that the next writer completes to the same objects.
func TestFailureCrashAtBlockBoundary(t *testing.T) {
	const rows = 520
	write := func(d worm.Driver) error {
		l := openWithoutCleanup(t, d)
		for n := 0; n < rows; n += 65 { // boundaries fall within commits
			batch := make([]exportlog.Row, 65)
			for i := range batch {
				batch[i] = numbered(n + i + 1)
			}
			if _, err := l.Append(t.Context(), batch...); err != nil {
				return err
			}
		}
		return l.Seal(t.Context())
	}
	peaceful := memworm.New()
	counting := &wormtest.Faulty{Driver: peaceful}
	if err := write(counting); err != nil {
		t.Fatal(err)
	}
	want := keysOf(t, peaceful)
	boundary := func(key string) bool {
		return strings.HasPrefix(key, "log/tile/") || strings.HasPrefix(key, "log/blocks/") || strings.HasPrefix(key, "log/head/") || strings.HasSuffix(key, "256.json") || strings.HasSuffix(key, "257.json")
	}
	var points int
	for _, key := range want {
		if !boundary(key) {
			continue
		}
		points++
		b := memworm.New()
		dead := false // a dead process writes nothing any more
		dying := &wormtest.Faulty{Driver: b, Plan: func(op wormtest.Op) wormtest.Fault {
			if op.Key == key {
				dead = true
			}
			if dead && !strings.HasPrefix(op.Key, "log/commits/") {
				return wormtest.RefuseBefore
			}
			return wormtest.None
		}}
		if err := write(serial(dying)); err == nil {
			t.Fatalf("nobody died at %s", key)
		}
		next := open(t, b)
		for _, n := range []int{1, 256, 257, 512, 513, 520} {
			if found, err := next.Find(t.Context(), exportlog.Query{PromotionPacketID: fmt.Sprintf("pp-%d", n)}); err != nil || len(found) != 1 {
				t.Errorf("dead at %s: packet %d found %v, %v", key, n, ids(found), err)
			}
		}
		if err := next.Seal(t.Context()); err != nil {
			t.Errorf("dead at %s: %v", key, err)
		}
		if got := keysOf(t, b); !slices.Equal(got, want) {
			t.Errorf("dead at %s: %d objects, want %d", key, len(got), len(want))
		}
		wantRows(t, b, rows)
	}
	if points < 10 {
		t.Errorf("died at %d points only", points)
	}
}

func keysOf(t *testing.T, b *memworm.Bucket) []string {
	t.Helper()
	var keys []string
	for e, err := range b.List(t.Context(), "log/") {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, e.Ref.Key)
	}
	return keys
}

// Objects that somebody put in the way of what is to be derived are named, and keep
// nothing else from being written.
func TestFailureObjectsInTheWay(t *testing.T) {
	b := memworm.New()
	inTheWay := []string{
		"log/by/packet/pp-5/000000000005.json", "log/by/packet/pp-1300/000000001300.json",
		"log/blocks/256/000/000/000/001.jsonl", "log/tile/0/000", "log/tile/entries/002", "log/head/999/999/999/998.json",
	}
	for _, key := range inTheWay {
		b.Overwrite(key, []byte("something\n"))
	}
	l := open(t, b)
	for n := 0; n < 1300; n += 100 {
		batch := make([]exportlog.Row, 100)
		for i := range batch {
			batch[i] = numbered(n + i + 1)
		}
		if _, err := l.Append(t.Context(), batch...); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Seal(t.Context()); err != nil && !errors.Is(err, exportlog.ErrDamaged) {
		t.Fatal(err)
	}
	var damaged *exportlog.DamagedError
	if err := l.Close(); !errors.As(err, &damaged) {
		t.Fatalf("closing says %v", err)
	}
	report, err := open(t, b).Verify(t.Context(), exportlog.Scope{})
	if !errors.Is(err, exportlog.ErrDamaged) || len(report.Findings) != len(inTheWay) {
		t.Errorf("Verify saw %v", report.Findings)
	}
	for _, key := range inTheWay {
		if !slices.ContainsFunc(damaged.Findings, func(f exportlog.Finding) bool { return f.Object == key }) {
			t.Errorf("closing does not name %s: %v", key, damaged)
		}
		if !named(report, exportlog.DerivedDiffers, key, 0) {
			t.Errorf("Verify does not name %s: %v", key, report.Findings)
		}
	}
	readsRight(t, b)
}
