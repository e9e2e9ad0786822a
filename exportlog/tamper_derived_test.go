package exportlog_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// What may happen to what was derived from a log, one test each: it is named, and
// misleads nobody.

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
