package exportlog

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
)

// Whatever bytes lie where something of ours should be, no decoder fails in any
// other way than by an error, and what it takes is what it would write.

func store(t testing.TB, b *memworm.Bucket) *worm.Store {
	t.Helper()
	s := wormtest.Store(t, b)
	return s
}

func FuzzRow(f *testing.F) {
	f.Add([]byte(`{"schema_version":1,"export_row_id":1,"kind":"export","idempotency_key":"k"}` + "\n"))
	f.Add([]byte(`{"schema_version":3,"export_row_id":9223372036854775807,"kind":"?","idempotency_key":"k","new":{"a":[1]}}` + "\n"))
	f.Add([]byte("{\"schema_version\":1,\"export_row_id\":2,\"idempotency_key\":\"a\u2028\\r\\n\"}\n"))
	f.Fuzz(func(t *testing.T, line []byte) {
		row, err := decode(line)
		if err != nil {
			return
		}
		if !bytes.Equal(row.Line(), line) {
			t.Error("the row's line is not what it was read from")
		}
		for _, o := range indexEntries(row) {
			if err := worm.CheckKey(o.key); err != nil {
				t.Error(err)
			}
			if n, ok := indexRow(o.key); row.ExportRowID <= maxNumber && (!ok || n != row.ExportRowID) {
				t.Errorf("%s names row %d, want %d", o.key, n, row.ExportRowID)
			}
		}
		row.correctedBy(row)
		_ = row.checkCorrection()
		template, err := encodeTemplate(row)
		if err != nil {
			return
		}
		spliced, err := place(&row, template)
		if err != nil {
			t.Fatal(err)
		}
		row.SchemaVersion = SchemaVersion
		if encoded, err := encode(row); bytes.HasPrefix(template, templateStart) && (err != nil || !bytes.Equal(spliced, encoded)) {
			t.Errorf("spliced %s, encoded %s, %v", spliced, encoded, err)
		}
	})
}

func FuzzMark(f *testing.F) {
	f.Add(int64(1), mark{Rows: 256, Commit: 3, CommitFirstRow: 200}.encode())
	f.Add(int64(1), []byte(`{"rows":256,"commit":-1,"commit_first_row":9}`))
	f.Fuzz(func(t *testing.T, blocks int64, body []byte) {
		if blocks < 1 || blocks > 1<<30 {
			return
		}
		b := memworm.New()
		b.Overwrite(headKey(blocks), body)
		m, err := readMark(t.Context(), store(t, b), blocks)
		if err == nil && (m.Rows != blocks*tileWidth || m.below() < 0 || m.below() >= m.Rows || m.Commit < 1) {
			t.Errorf("took %+v for mark %d", m, blocks)
		}
		if n, ok := headNumber(headKey(blocks)); !ok || n != blocks {
			t.Errorf("%s names mark %d", headKey(blocks), n)
		}
		// A log that finds such a mark opens, and begins where it would without.
		l := Open(store(t, b), Config{})
		if head, err := l.Head(t.Context()); err != nil || head.Size != 0 {
			t.Errorf("head %+v, %v", head, err)
		}
	})
}

func FuzzProposal(f *testing.F) {
	f.Add([]byte(`{"schema_version":1,"export_row_id":0,"kind":"export","promotion_packet_id":"p","recorded_at_utc":"2026-08-04T12:00:00Z","idempotency_key":"k","nonce":"n","prev_row_sha256":"` + strings.Repeat("0", 64) + "\"}\n"))
	f.Add([]byte("{}\n{}\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		b := memworm.New()
		l := Open(store(t, b), Config{})
		key := inboxFolder(1) + "fuzz.jsonl"
		b.Overwrite(key, body)
		r := l.readProposal(t.Context(), key)
		if r == nil {
			return
		}
		d, err := l.draft(t.Context(), []*request{r})
		if err != nil {
			t.Fatalf("a proposal that was taken cannot be drafted: %v", err)
		}
		c := newChain()
		c.fold(1, stored{body: d.body}, nil)
		if len(d.body) > 0 && c.damaged() {
			t.Errorf("drafted a commit that is damaged: %v", c.findings)
		}
	})
}

func FuzzCheckpoint(f *testing.F) {
	f.Add("log.example\n3\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")
	f.Add("\n-1\n\n")
	f.Add("log.example\n3\n" + strings.Repeat("0", 42) + "1=\n") // the same bytes as with a 0 in place of the 1
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseCheckpointText(text)
		if err == nil && !strings.HasPrefix(text, c.text()) {
			t.Errorf("%q was read as %q", text, c.text())
		}
	})
}

func FuzzProof(f *testing.F) {
	f.Add([]byte(`{"export_row_id":1,"size":2,"hashes":["`+strings.Repeat("0", 64)+`"]}`), []byte("x\n"))
	f.Fuzz(func(t *testing.T, body, line []byte) {
		p, err := ParseProof(body)
		if err != nil || p.Size < 1 || p.ExportRowID < 1 || p.ExportRowID > p.Size {
			return
		}
		if tlog.CheckRecord(hashesOf(p.Hashes), p.Size, tlog.Hash{}, p.ExportRowID-1, tlog.RecordHash(line)) == nil {
			t.Error("proved to be under a root of zeros")
		}
	})
}

func FuzzBundle(f *testing.F) {
	f.Add(appendEntry(appendEntry(nil, []byte("a\n")), []byte("b\n")))
	f.Add([]byte{0, 3, 'x'})
	f.Fuzz(func(t *testing.T, bundle []byte) {
		hashes, err := leafHashes(bundle)
		if err == nil && len(hashes)%tlog.HashSize != 0 {
			t.Errorf("%d bytes of hashes", len(hashes))
		}
	})
}

func FuzzNames(f *testing.F) {
	for _, key := range []string{commitKey(1), headKey(5), blockKey(256, 9), "log/tile/entries/x001/234.p/7", "log/tile/3/000", checkpointKey(9), "log/by/packet/a/000000000001.json", inboxFolder(4) + "x"} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		if n, ok := commitNumber(key); ok && commitKey(n) != key {
			t.Errorf("%q is not commit %d", key, n)
		}
		if n, ok := headNumber(key); ok && headKey(n) != key {
			t.Errorf("%q is not mark %d", key, n)
		}
		if n, ok := checkpointSize(key); ok && checkpointKey(n) != key {
			t.Errorf("%q is not checkpoint %d", key, n)
		}
		if rows, tile, ok := derivedFrom(key); ok && (rows < 0 || tile.W > 0 && tileKey(tile) != key) {
			t.Errorf("%q was read as %d rows, %+v", key, rows, tile)
		}
		indexRow(key)
		inboxCommit(key)
		if err := worm.CheckKey(indexKey(term{"packet", key}, 1)); err != nil {
			t.Errorf("id %q: %v", key, err)
		}
	})
}
