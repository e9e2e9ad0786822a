package archive_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/fileworm"
)

// golden is a bucket as the first release writes it: see TestWriteGolden. Whatever
// today's code is, it reads it. It lies there without what is derived from the log,
// of which derived.txt has the digests.
const golden = "testdata/golden-v1"

// goldenRoot is what the golden log comes to: a bucket that was written anew, and is no
// longer the one that was released, has another.
const (
	goldenRows = 257
	goldenRoot = "d8637dd083c69313bca3d30aa8ba868d5391df977eec80c585f7be02e67caa48"
)

// goldenCopy copies the golden bucket, as a clone of the repository has it.
func goldenCopy(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(golden+"/bucket")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// reader is somebody who has the public keys that were published then.
func reader(t *testing.T) archive.Config {
	t.Helper()
	key, err := manifest.LoadPublicKey(golden + "/manifest.pub")
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := manifest.NewVerifier(key)
	if err != nil {
		t.Fatal(err)
	}
	public, err := os.ReadFile(golden + "/log.pub")
	if err != nil {
		t.Fatal(err)
	}
	checkpoints, err := exportlog.NewCheckpointKey("", strings.TrimSpace(string(public)))
	if err != nil {
		t.Fatal(err)
	}
	return archive.Config{Policy: goldenPolicy(t), Verifier: verifier, Checkpoints: checkpoints}
}

// It is whole: every row, object, lock, signature and checkpoint.
func TestGoldenVerifies(t *testing.T) {
	report, err := inDirectory(t, goldenCopy(t), reader(t)).Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if report.Exports != 5 || report.Log.Rows != goldenRows || report.Log.Checkpoints != 1 || report.Log.Later != 0 {
		t.Errorf("%+v", report)
	}
	if root := report.Log.Head.Root.String(); root != goldenRoot {
		t.Errorf("its root is %s: this is not the bucket that was released", root)
	}
}

// Every export is found, retrieved by its address, confirmed, and read whole.
func TestGoldenComesOut(t *testing.T) {
	a := inDirectory(t, goldenCopy(t), reader(t))
	checkpoint, err := a.Log().LatestCheckpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	exports := 0
	for _, row := range rows(t, a) {
		if row.Kind != exportlog.KindExport {
			continue
		}
		exports++
		if _, err := a.Confirm(t.Context(), row); err != nil {
			t.Errorf("row %d: %v", row.ExportRowID, err)
		}
		e, err := a.Retrieve(t.Context(), row.ArchiveURI)
		if err != nil {
			t.Errorf("row %d: %v", row.ExportRowID, err)
			continue
		}
		document, err := e.Document(t.Context())
		if err != nil || worm.Sum(document) != row.PacketSHA256 {
			t.Errorf("row %d: the packet is %s, %v", row.ExportRowID, document, err)
		}
		if row.ExportRowID == 1 && !bytes.Contains(document, []byte(`"of_a_field_nobody_knows": {"kept": ["as", "it", "is"]}`)) {
			t.Errorf("a field that nobody knows was not kept: %s", document)
		}
		if resolved, err := a.Resolve(t.Context(), row.ContentIntegrityReference); err != nil || len(resolved) == 0 {
			t.Errorf("row %d by its content_integrity_reference: %d, %v", row.ExportRowID, len(resolved), err)
		}
		proof, err := a.Log().ProveRow(t.Context(), row.ExportRowID, checkpoint.Size)
		if err != nil {
			t.Errorf("row %d: %v", row.ExportRowID, err)
		} else if _, err := exportlog.VerifyRow(row.Line(), proof, checkpoint.Note, a.Log().CheckpointKey()); err != nil {
			t.Errorf("row %d: %v", row.ExportRowID, err)
		}
	}
	if exports != 5 {
		t.Errorf("%d exports", exports)
	}
}

// Rows are found by all that they can be found by, and fold to what they did.
func TestGoldenFolds(t *testing.T) {
	a := inDirectory(t, goldenCopy(t), reader(t))
	for name, ask := range map[string]struct {
		q    exportlog.Query
		want []int64
	}{
		"packet":     {exportlog.Query{PromotionPacketID: "pp-2015/0002 #2"}, []int64{2, 5, 6, 7, 8}},
		"incident":   {exportlog.Query{IncidentTicketID: "INC-1"}, []int64{5}},
		"rollback":   {exportlog.Query{RollbackEventID: "rb-1"}, []int64{5}},
		"subject":    {exportlog.Query{SubjectExportRowID: 2}, []int64{5, 7, 8}},
		"correction": {exportlog.Query{CorrectionOfExportRowID: 5}, []int64{6}},
		"row":        {exportlog.Query{ExportRowID: 9}, []int64{9}},
	} {
		found, err := a.Log().Find(t.Context(), ask.q)
		var got []int64
		for _, r := range found {
			got = append(got, r.ExportRowID)
		}
		if err != nil || !slices.Equal(got, ask.want) {
			t.Errorf("by %s: rows %v, %v, want %v", name, got, err, ask.want)
		}
	}
	want, err := os.ReadFile(golden + "/current.csv")
	if err != nil {
		t.Fatal(err)
	}
	var csv bytes.Buffer
	if err := a.Log().WriteCSV(t.Context(), &csv); err != nil || !bytes.Equal(csv.Bytes(), want) {
		t.Errorf("%v; the current view is\n%s\nand was\n%s", err, csv.Bytes(), want)
	}
	for c, err := range a.Log().Current(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		class := map[int64]retention.Class{1: "extended", 2: "extended", 3: "regulated", 4: "standard", 257: "standard"}[c.ExportRowID]
		if c.RetentionClass != class || c.Held() {
			t.Errorf("row %d is %s, held %t", c.ExportRowID, c.RetentionClass, c.Held())
		}
	}
}

// What is derived from the rows is what it was, byte for byte, so that what an old
// release has derived and what a new one derives lie side by side.
func TestGoldenDerivesTheSame(t *testing.T) {
	dir := goldenCopy(t)
	a := inDirectory(t, dir, reader(t))
	if err := a.Log().Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(golden + "/derived.txt")
	if err != nil {
		t.Fatal(err)
	}
	// The partial tiles of the checkpoint's size were written with it, and by nobody else.
	var without []string
	for line := range strings.Lines(string(want)) {
		if !strings.Contains(line, "/001.p/") {
			without = append(without, line)
		}
	}
	if got := derivedSums(t, dir); got != strings.Join(without, "") {
		t.Errorf("derived is\n%s\nand was\n%s", got, strings.Join(without, ""))
	}
	if _, err := inDirectory(t, dir, reader(t)).Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

// It is written on: an old packet is known, a new one is exported, under a new key.
func TestGoldenGoesOn(t *testing.T) {
	dir, cfg := goldenCopy(t), reader(t)
	old, err := inDirectory(t, dir, cfg).Retrieve(t.Context(), rows(t, inDirectory(t, dir, cfg))[1].ArchiveURI)
	if err != nil {
		t.Fatal(err)
	}
	known, err := manifest.LoadPublicKey(golden + "/manifest.pub")
	if err != nil {
		t.Fatal(err)
	}
	cfg.Signer, cfg.Operator = newSigner(t), "release-ops/test"
	if cfg.Verifier, err = manifest.NewVerifier(known, cfg.Signer.PublicKey()); err != nil {
		t.Fatal(err)
	}
	a := inDirectory(t, dir, cfg)

	document, err := old.Document(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	again := parse(t, string(document)).With(exhibit("scorecard.pdf", "another"), exhibit("reviewer notes.md", "we saw it"))
	if r, err := a.Export(t.Context(), again); err != nil || !r.AlreadyExported || r.ExportRowID != 2 {
		t.Errorf("the same packet again: row %d, %t, %v", r.ExportRowID, r.AlreadyExported, err)
	}
	fresh, err := a.Export(t.Context(), packet(t, "pp-of-today"))
	if err != nil || fresh.ExportRowID != goldenRows+1 {
		t.Fatalf("row %d, %v", fresh.ExportRowID, err)
	}
	if _, err := a.Hold(t.Context(), archive.Selection{PromotionPacketID: "pp-2015-0003"}, archive.Matter{ID: "M-2", Reason: "test", By: "legal/counsel"}); err != nil {
		t.Error(err)
	}
	report, err := inDirectory(t, dir, cfg).Verify(t.Context())
	if err != nil || report.Exports != 6 || report.Log.Rows != goldenRows+2 {
		t.Errorf("%d exports, %d rows, %v", report.Exports, report.Log.Rows, err)
	}
}

// A row that a later release has appended is read, with what this one does not know.
func TestGoldenWithARowOfTomorrow(t *testing.T) {
	dir := goldenCopy(t)
	a := inDirectory(t, dir, reader(t))
	head, err := a.Log().Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	line := fmt.Sprintf(`{"schema_version":2,"export_row_id":%d,"kind":"ratified","promotion_packet_id":"pp-2015-0001","approved_by_jury":true,`+
		`"recorded_at_utc":"2015-03-02T10:00:00Z","idempotency_key":"jury:1","nonce":"0","prev_row_sha256":"%s","prev_root_sha256":"%s"}`+"\n", goldenRows+1, head.LastRow, head.Root)
	commits, err := filepath.Glob(dir + "/log/commits/*/*/*/*.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	d, err := fileworm.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	store, err := worm.New(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	spec := worm.Spec{Size: int64(len(line)), SHA256: worm.Sum([]byte(line)), Lock: retention.Lock{Mode: retention.Compliance, Until: noon}}
	key := fmt.Sprintf("log/commits/000/000/000/%03d.jsonl", len(commits)+1)
	if _, err := store.Put(t.Context(), key, strings.NewReader(line), spec); err != nil {
		t.Fatal(err)
	}
	later := inDirectory(t, dir, reader(t))
	all := rows(t, later)
	last := all[len(all)-1]
	if last.SchemaVersion != 2 || string(last.Line()) != line || last.Kind != "ratified" {
		t.Errorf("the row of tomorrow is %+v", last)
	}
	report, err := later.Verify(t.Context())
	if err != nil || report.Log.Later != 1 {
		t.Errorf("%d rows of a later version, %v", report.Log.Later, err)
	}
}
