package exportlog_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// The root is the one that anybody computes who has just the lines and tlog.
func TestHeadIsTheTreeOverTheLines(t *testing.T) {
	l := open(t, memworm.New())
	var hashes []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var got []tlog.Hash
		for _, i := range indexes {
			got = append(got, hashes[i])
		}
		return got, nil
	})
	for n := range int64(300) {
		got, err := l.Append(t.Context(), export("p", fmt.Sprint(n)))
		if err != nil {
			t.Fatal(err)
		}
		more, err := tlog.StoredHashes(n, got[0].Line(), reader)
		if err != nil {
			t.Fatal(err)
		}
		hashes = append(hashes, more...)
		want, err := tlog.TreeHash(n+1, reader)
		if err != nil {
			t.Fatal(err)
		}
		head, err := l.Head(t.Context())
		if err != nil || head != (exportlog.Head{Size: n + 1, Root: worm.Digest(want), LastRow: got[0].SHA256()}) {
			t.Fatalf("head %+v (%v), want size %d root %s", head, err, n+1, want)
		}
	}
}

// Whatever is done to the log, Verify says where.
func TestVerifyNamesDamage(t *testing.T) {
	const rows = 6 // one to a commit
	edit := func(b *memworm.Bucket, n int, old, new string) error {
		store, err := worm.New(t.Context(), b)
		if err != nil {
			return err
		}
		body, err := store.Read(t.Context(), worm.Ref{Key: commit(n)}, 1<<20)
		if err != nil {
			return err
		}
		if !bytes.Contains(body, []byte(old)) {
			return fmt.Errorf("no %q in %s", old, body)
		}
		return b.Tamper(commit(n), bytes.Replace(body, []byte(old), []byte(new), 1))
	}
	for name, c := range map[string]struct {
		harm   func(b *memworm.Bucket) error
		row    int64  // named by some finding
		object string // named by the same
	}{
		"row edited":       {func(b *memworm.Bucket) error { return edit(b, 3, "promote", "decline") }, 3, commit(4)},
		"first row edited": {func(b *memworm.Bucket) error { return edit(b, 1, "promote", "decline") }, 1, commit(2)},
		"last row edited, seen by the anchor": {
			func(b *memworm.Bucket) error { return edit(b, rows, "promote", "decline") }, 1, "manifests/m"},
		"row no longer JSON":     {func(b *memworm.Bucket) error { return edit(b, 3, `"kind"`, `"kind`) }, 3, commit(3)},
		"row with a field twice": {func(b *memworm.Bucket) error { return edit(b, 3, `"kind":"export"`, `"kind":"export","kind":"link"`) }, 3, commit(3)},
		"line end lost":          {func(b *memworm.Bucket) error { return edit(b, 3, "\n", "") }, 0, commit(3)},
		"row renumbered":         {func(b *memworm.Bucket) error { return edit(b, 3, `"export_row_id":3`, `"export_row_id":7`) }, 7, commit(3)},
		"commit emptied":         {func(b *memworm.Bucket) error { return b.Tamper(commit(3), nil) }, 0, commit(3)},
		"commit removed":         {func(b *memworm.Bucket) error { return b.Drop(commit(3)) }, 0, commit(3)},
		"first commit removed":   {func(b *memworm.Bucket) error { return b.Drop(commit(1)) }, 0, commit(1)},
		"commit hidden":          {func(b *memworm.Bucket) error { b.Hide(commit(3)); return nil }, 3, commit(3)},
		"last commit removed":    {func(b *memworm.Bucket) error { return b.Drop(commit(rows)) }, rows, "manifests/m"},
		"last two removed":       {func(b *memworm.Bucket) error { return errors.Join(b.Drop(commit(rows)), b.Drop(commit(rows-1))) }, rows - 1, "manifests/m"},
		"all removed":            {func(b *memworm.Bucket) error { return dropAll(b, rows) }, 1, "manifests/m"},
		"commits swapped":        {func(b *memworm.Bucket) error { return swap(t, b, commit(3), commit(4)) }, 4, commit(3)},
		"row put twice":          {func(b *memworm.Bucket) error { return double(t, b, commit(3)) }, 3, commit(3)},
		"something else put there": {
			func(b *memworm.Bucket) error { b.Overwrite("log/commits/readme.txt", []byte("hello")); return nil }, 0, "log/commits/readme.txt"},
		"a newer version over a commit": {func(b *memworm.Bucket) error { b.Overwrite(commit(3), []byte("{}\n")); return nil }, 3, commit(3)},
	} {
		t.Run(name, func(t *testing.T) {
			b := memworm.New()
			l := open(t, b)
			fill(t, l, rows)
			head, err := l.Head(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			anchor := exportlog.Anchor{Head: head, Source: "manifests/m"}
			if _, err := open(t, b).Verify(t.Context(), exportlog.Scope{Anchors: []exportlog.Anchor{anchor}}); err != nil {
				t.Fatalf("before any harm: %v", err)
			}
			if err := c.harm(b); err != nil {
				t.Fatal(err)
			}
			report, err := open(t, b).Verify(t.Context(), exportlog.Scope{Anchors: []exportlog.Anchor{anchor}})
			if !errors.Is(err, exportlog.ErrDamaged) {
				t.Fatalf("Verify saw nothing: %v", err)
			}
			if !slices.ContainsFunc(report.Findings, func(f exportlog.Finding) bool {
				return f.ExportRowID == c.row && f.Object == c.object
			}) {
				t.Errorf("no finding names row %d and %s: %v", c.row, c.object, report.Findings)
			}
			if _, err := l.Verify(t.Context(), exportlog.Scope{}); !errors.Is(err, exportlog.ErrDamaged) {
				t.Errorf("the process that had read it before saw nothing: %v", err)
			}
		})
	}
}

func dropAll(b *memworm.Bucket, rows int) (err error) {
	for n := range rows {
		err = errors.Join(err, b.Drop(commit(n+1)))
	}
	return err
}

func swap(t *testing.T, b *memworm.Bucket, one, other string) error {
	first, second := bodyOf(t, b, one), bodyOf(t, b, other)
	return errors.Join(b.Tamper(one, second), b.Tamper(other, first))
}

func double(t *testing.T, b *memworm.Bucket, key string) error {
	return b.Tamper(key, bytes.Repeat(bodyOf(t, b, key), 2))
}

// A damaged log is read as far as it goes, and says that it is damaged; it is
// not written to.
func TestDamagedLogIsReadNotWritten(t *testing.T) {
	b := memworm.New()
	fill(t, open(t, b), 5)
	if err := b.Tamper(commit(2), []byte("not a row\n")); err != nil {
		t.Fatal(err)
	}
	l := open(t, b)
	rows, err := l.Find(t.Context(), exportlog.Query{PromotionPacketID: "pp-4"})
	if !errors.Is(err, exportlog.ErrDamaged) || len(rows) != 1 || rows[0].ExportRowID != 4 {
		t.Errorf("Find gave %v, %v; want row 4 and the damage", ids(rows), err)
	}
	var read []int64
	var damage []error
	for r, err := range l.Rows(t.Context(), 1) {
		if err != nil {
			damage = append(damage, err)
			continue
		}
		read = append(read, r.ExportRowID)
	}
	if !slices.Equal(read, []int64{1, 3, 4, 5}) || len(damage) != 1 || !errors.Is(damage[0], exportlog.ErrDamaged) {
		t.Errorf("Rows gave %v, %v", read, damage)
	}
	if _, err := l.Append(t.Context(), export("pp-6", "k-6")); !errors.Is(err, exportlog.ErrDamaged) {
		t.Errorf("appended to a damaged log: %v", err)
	}
	if _, err := l.Head(t.Context()); !errors.Is(err, exportlog.ErrDamaged) || !strings.Contains(err.Error(), commit(2)) {
		t.Errorf("Head says %v", err)
	}
}

// An anchor from another history is told from one that is only older.
func TestVerifyHoldsToAnchors(t *testing.T) {
	b := memworm.New()
	l := open(t, b)
	var anchors []exportlog.Anchor
	for i := range 5 {
		head, err := l.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		anchors = append(anchors, exportlog.Anchor{Head: head, Source: fmt.Sprint("m", i)})
		if _, err := l.Append(t.Context(), export("a", fmt.Sprint("a", i)), export("b", fmt.Sprint("b", i))); err != nil {
			t.Fatal(err)
		}
	}
	slices.Reverse(anchors)
	if _, err := open(t, b).Verify(t.Context(), exportlog.Scope{Anchors: anchors}); err != nil {
		t.Errorf("every anchor is from this log: %v", err)
	}
	foreign := open(t, memworm.New())
	fill(t, foreign, 3)
	head, err := foreign.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	report, err := open(t, b).Verify(t.Context(), exportlog.Scope{Anchors: append(anchors, exportlog.Anchor{Head: head, Source: "foreign"})})
	if err == nil || len(report.Findings) != 1 || report.Findings[0].Object != "foreign" || report.Findings[0].ExportRowID != 3 {
		t.Errorf("a foreign anchor: %v", err)
	}
}
