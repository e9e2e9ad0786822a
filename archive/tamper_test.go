package archive_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// scene fills an archive: two packets with exhibits, an incident bound to the
// first, and a packet after that, so that no row is the last word on itself.
func scene(t testing.TB, a *archive.Archive) []archive.Receipt {
	t.Helper()
	var receipts []archive.Receipt
	for i, p := range []archive.Packet{
		packet(t, "pp-1").With(exhibit("scorecard.pdf", "green")),
		packet(t, "pp-2").With(exhibit("scorecard.pdf", "yellow")),
		packet(t, "pp-3").With(exhibit("scorecard.pdf", "red")),
	} {
		if i == 2 {
			link := exportlog.Row{Kind: exportlog.KindLink, SubjectExportRowID: 1, PromotionPacketID: "pp-1", IncidentTicketID: "INC-1", IdempotencyKey: "link"}
			if _, err := a.Log().Append(t.Context(), link); err != nil {
				t.Fatal(err)
			}
		}
		r, err := a.Export(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		receipts = append(receipts, r)
	}
	return receipts
}

// harms are what may happen to one object in a directory.
var harms = map[string]func(path string) error{
	"edited": func(path string) error {
		return rewrite(path, func(b []byte) []byte {
			b = bytes.Clone(b)
			b[len(b)/2] ^= 1
			return b
		})
	},
	"truncated": func(path string) error { return rewrite(path, func(b []byte) []byte { return b[:len(b)/2] }) },
	"emptied":   func(path string) error { return rewrite(path, func([]byte) []byte { return nil }) },
	"added to":  func(path string) error { return rewrite(path, func(b []byte) []byte { return append(b, "x\n"...) }) },
	"removed":   os.Remove,
}

func rewrite(path string, change func([]byte) []byte) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := os.Chmod(path, 0o644); err != nil {
		return err
	}
	return os.WriteFile(path, change(b), 0o644)
}

// Whatever object of a bucket comes to harm, and whether or not its lock record
// goes with it, Verify names it.
func TestEveryObjectIsMissed(t *testing.T) {
	cfg := config(t)
	objects := objectsOf(t, cfg)
	if len(objects) != 13 { // 3 packets, 3 exhibits, 3 manifests, 4 commits
		t.Fatalf("%d objects: %v", len(objects), objects)
	}
	for _, object := range objects {
		for name, harm := range harms {
			for _, record := range []string{"kept", "forged"} {
				t.Run(fmt.Sprintf("%s %s, lock record %s", shorten(object), name, record), func(t *testing.T) {
					dir := t.TempDir()
					scene(t, inDirectory(t, dir, cfg))
					path := filepath.Join(dir, real(t, dir, object))
					if err := harm(path); err != nil {
						t.Fatal(err)
					}
					if record == "forged" {
						forgeRecord(t, path)
					}
					wantNamed(t, inDirectory(t, dir, cfg), dir, path)
				})
			}
		}
	}
}

// objectsOf lists a scene's objects. Manifests have other names each time; they
// are listed by their batches.
func objectsOf(t *testing.T, cfg archive.Config) []string {
	dir := t.TempDir()
	scene(t, inDirectory(t, dir, cfg))
	var objects []string
	for path := range snapshot(t, dir) {
		if strings.HasPrefix(path, "manifests/") {
			path = filepath.Dir(path) + "/"
		}
		if strings.HasPrefix(filepath.Base(path), ".") || slices.Contains(objects, path) {
			continue
		}
		objects = append(objects, path)
	}
	slices.Sort(objects)
	return objects
}

// real finds the object that a name of objectsOf stands for.
func real(t *testing.T, dir, object string) string {
	t.Helper()
	if !strings.HasSuffix(object, "/") {
		return object
	}
	found, err := filepath.Glob(filepath.Join(dir, object, "*.json"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%v in %s: %v", found, object, err)
	}
	return object + filepath.Base(found[0])
}

func shorten(object string) string {
	parts := strings.Split(strings.TrimSuffix(object, "/"), "/")
	return parts[0] + "…" + parts[len(parts)-1]
}

// forgeRecord makes an object's lock record say what the harmed bytes hash to, as
// whoever owns the directory can; or removes it with the object.
func forgeRecord(t *testing.T, path string) {
	t.Helper()
	record := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".lock")
	b, err := os.ReadFile(path)
	if err != nil {
		if err := os.Remove(record); err != nil {
			t.Fatal(err)
		}
		return
	}
	err = rewrite(record, func(old []byte) []byte {
		at := bytes.Index(old, []byte(`"sha256":"`)) + len(`"sha256":"`)
		return slices.Concat(old[:at], []byte(sumOf(b)), old[at+64:])
	})
	if err != nil {
		t.Fatal(err)
	}
}

func sumOf(b []byte) string { return strings.TrimPrefix(manifest.Reference(b), "sha256:") }

// wantNamed verifies an archive and wants a finding that names an object. A commit
// may be named by its row, and one that is gone from the very end, which no later
// commit remembers, by the packet that it recorded.
func wantNamed(t *testing.T, a *archive.Archive, dir, path string) {
	t.Helper()
	object, err := filepath.Rel(dir, path)
	if err != nil {
		t.Fatal(err)
	}
	report, err := a.Verify(t.Context())
	if !errors.Is(err, archive.ErrNotConfirmed) {
		t.Fatalf("Verify found nothing: %v", err)
	}
	var commit int64
	fmt.Sscanf(object, "log/commits/000/000/000/%d.jsonl", &commit) // one row to a commit here
	for _, f := range report.Findings {
		if f.Object == object || commit != 0 && f.ExportRowID == commit || commit == 4 && strings.Contains(f.Problem, `packets "pp-3"`) {
			return
		}
	}
	t.Errorf("no finding names %s: %v", object, report.Findings)
}

// An object whose lock record is gone is named, though its bytes are intact.
func TestLostLocksAreMissed(t *testing.T) {
	cfg := config(t)
	for _, object := range objectsOf(t, cfg) {
		t.Run(shorten(object), func(t *testing.T) {
			dir := t.TempDir()
			scene(t, inDirectory(t, dir, cfg))
			path := filepath.Join(dir, real(t, dir, object))
			if err := os.Remove(filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".lock")); err != nil {
				t.Fatal(err)
			}
			wantNamed(t, inDirectory(t, dir, cfg), dir, path)
		})
	}
}

// Objects that change places are both missed.
func TestSwappedObjectsAreMissed(t *testing.T) {
	cfg := config(t)
	objects := objectsOf(t, cfg)
	for i, one := range objects {
		for _, other := range objects[i+1:] {
			if filepath.Base(one) != filepath.Base(other) && !strings.HasPrefix(one, "log/") && !strings.HasPrefix(one, "manifests/") ||
				strings.Split(one, "/")[0] != strings.Split(other, "/")[0] {
				continue // like with like, as a forger would
			}
			t.Run(shorten(one)+" with "+shorten(other), func(t *testing.T) {
				dir := t.TempDir()
				scene(t, inDirectory(t, dir, cfg))
				first, second := filepath.Join(dir, real(t, dir, one)), filepath.Join(dir, real(t, dir, other))
				a, err := os.ReadFile(first)
				if err != nil {
					t.Fatal(err)
				}
				b, err := os.ReadFile(second)
				if err != nil {
					t.Fatal(err)
				}
				for path, content := range map[string][]byte{first: b, second: a} {
					if err := rewrite(path, func([]byte) []byte { return content }); err != nil {
						t.Fatal(err)
					}
					forgeRecord(t, path)
				}
				wantNamed(t, inDirectory(t, dir, cfg), dir, first)
				wantNamed(t, inDirectory(t, dir, cfg), dir, second)
			})
		}
	}
}

// Confirm, asked about one export, names what is wrong with that one and is
// content with the others.
func TestConfirmOneExport(t *testing.T) {
	for name, c := range map[string]struct {
		harm  func(b *memworm.Bucket, r archive.Receipt) error
		names func(r archive.Receipt) string
	}{
		"packet edited":   {func(b *memworm.Bucket, r archive.Receipt) error { return b.Tamper(documentKey(r), []byte("x")) }, documentKey},
		"packet lost":     {func(b *memworm.Bucket, r archive.Receipt) error { return b.Drop(documentKey(r)) }, documentKey},
		"packet hidden":   {func(b *memworm.Bucket, r archive.Receipt) error { b.Hide(documentKey(r)); return nil }, documentKey},
		"packet overlaid": {func(b *memworm.Bucket, r archive.Receipt) error { b.Overwrite(documentKey(r), []byte("x")); return nil }, documentKey},
		"exhibit edited":  {func(b *memworm.Bucket, r archive.Receipt) error { return b.Tamper(exhibitKey(r), []byte("x")) }, exhibitKey},
		"exhibit lost":    {func(b *memworm.Bucket, r archive.Receipt) error { return b.Drop(exhibitKey(r)) }, exhibitKey},
		"manifest edited": {func(b *memworm.Bucket, r archive.Receipt) error { return b.Tamper(manifestKey(r), []byte("{}")) }, manifestKey},
		"manifest lost":   {func(b *memworm.Bucket, r archive.Receipt) error { return b.Drop(manifestKey(r)) }, manifestKey},
		"manifest overlaid": {func(b *memworm.Bucket, r archive.Receipt) error {
			b.Overwrite(manifestKey(r), []byte("{}"))
			return nil
		}, manifestKey},
	} {
		t.Run(name, func(t *testing.T) {
			b := memworm.New()
			a := over(t, b, config(t))
			receipts := scene(t, a)
			if err := c.harm(b, receipts[1]); err != nil {
				t.Fatal(err)
			}
			for _, i := range []int{0, 2} {
				if _, err := a.Confirm(t.Context(), receipts[i].Row); err != nil {
					t.Errorf("export %d was not harmed: %v", i, err)
				}
			}
			confirmation, err := a.Confirm(t.Context(), receipts[1].Row)
			if !errors.Is(err, archive.ErrNotConfirmed) {
				t.Fatalf("Confirm gave %v", err)
			}
			if !slices.ContainsFunc(confirmation.Findings, func(f exportlog.Finding) bool {
				return f.Object == c.names(receipts[1]) && f.ExportRowID == receipts[1].ExportRowID
			}) {
				t.Errorf("no finding names %s: %v", c.names(receipts[1]), confirmation.Findings)
			}
		})
	}
}

// The last export, hidden with all that belongs to it behind delete markers, is
// still named: versions outlive what hides them.
func TestHiddenExportIsMissed(t *testing.T) {
	b := memworm.New()
	cfg := config(t)
	receipts := scene(t, over(t, b, cfg))
	last := receipts[2]
	for _, key := range []string{documentKey(last), exhibitKey(last), manifestKey(last), "log/commits/000/000/000/004.jsonl"} {
		b.Hide(key)
	}
	report, err := over(t, b, cfg).Verify(t.Context())
	if !errors.Is(err, archive.ErrNotConfirmed) || len(report.Findings) != 4 {
		t.Errorf("Verify gave %v", err)
	}
}

func documentKey(r archive.Receipt) string {
	return fmt.Sprintf("packets/%s/%s/packet.json", r.PromotionPacketID, r.PacketSHA256)
}

func exhibitKey(r archive.Receipt) string {
	return fmt.Sprintf("packets/%s/%s/exhibits/scorecard.pdf", r.PromotionPacketID, r.PacketSHA256)
}

func manifestKey(r archive.Receipt) string {
	return fmt.Sprintf("manifests/%s/%s.sigstore.json", r.ExportBatchID, strings.TrimPrefix(r.ContentIntegrityReference, "sha256:"))
}

// A row that somebody made up, with everything in it right but one field, is not
// confirmed.
func TestForgedRowsAreNotConfirmed(t *testing.T) {
	a := over(t, memworm.New(), config(t))
	receipts := scene(t, a)
	for name, forge := range map[string]func(r *exportlog.Row){
		"number":    func(r *exportlog.Row) { r.ExportRowID = 4 },
		"beyond":    func(r *exportlog.Row) { r.ExportRowID = 9 },
		"packet":    func(r *exportlog.Row) { r.PromotionPacketID = "pp-2" },
		"decision":  func(r *exportlog.Row) { r.PromotionDecision = "hold" },
		"batch":     func(r *exportlog.Row) { r.ExportBatchID = receipts[1].ExportBatchID },
		"manifest":  func(r *exportlog.Row) { r.ContentIntegrityReference = receipts[1].ContentIntegrityReference },
		"address":   func(r *exportlog.Row) { r.ArchiveURI = receipts[1].ArchiveURI },
		"class":     func(r *exportlog.Row) { r.RetentionClass = "regulated" },
		"operator":  func(r *exportlog.Row) { r.ExportOperatorAck = "somebody else" },
		"reference": func(r *exportlog.Row) { r.ContentIntegrityReference = "sha256:../../x" },
	} {
		row := receipts[0].Row
		forge(&row)
		if _, err := a.Confirm(t.Context(), row); !errors.Is(err, archive.ErrNotConfirmed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Another key's signature is not good enough, however sound.
func TestUntrustedKey(t *testing.T) {
	b := memworm.New()
	receipts := scene(t, over(t, b, config(t)))
	stranger := over(t, b, config(t)) // with a key of its own
	if _, err := stranger.Confirm(t.Context(), receipts[0].Row); !errors.Is(err, archive.ErrNotConfirmed) || !strings.Contains(err.Error(), "not trusted") {
		t.Errorf("confirm: %v", err)
	}
	if _, err := stranger.Verify(t.Context()); !errors.Is(err, archive.ErrNotConfirmed) {
		t.Errorf("verify: %v", err)
	}
	nobody := over(t, b, archive.Config{})
	if _, err := nobody.Verify(t.Context()); !errors.Is(err, manifest.ErrNoTrustedKeys) {
		t.Errorf("verify without keys: %v", err)
	}
}

// A directory that was moved is still all there: what is confirmed is contents,
// found by addresses that the log has.
func TestMovedDirectory(t *testing.T) {
	parent, cfg := t.TempDir(), config(t)
	old, moved := filepath.Join(parent, "old"), filepath.Join(parent, "moved")
	if err := os.Mkdir(old, 0o755); err != nil {
		t.Fatal(err)
	}
	receipts := scene(t, inDirectory(t, old, cfg))
	if err := os.Rename(old, moved); err != nil {
		t.Fatal(err)
	}
	a := inDirectory(t, moved, cfg)
	if _, err := a.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	if e, err := a.Retrieve(t.Context(), receipts[1].ArchiveURI); err != nil || e.Row.ExportRowID != 2 {
		t.Errorf("retrieve by the old address: row %d, %v", e.Row.ExportRowID, err)
	}
	again, err := a.Export(t.Context(), packet(t, "pp-1").With(exhibit("scorecard.pdf", "green")))
	if err != nil || !again.AlreadyExported {
		t.Errorf("exporting again: %+v, %v", again, err)
	}
}

func TestRetrieveRefuses(t *testing.T) {
	a := over(t, memworm.New(), config(t))
	receipts := scene(t, a)
	for _, uri := range []string{
		"", "pp-1", "mem://bucket/packets", "mem://bucket/packets/%zz/x/packet.json", "https://example.org/",
		receipts[0].ArchiveURI + "x", strings.Replace(receipts[0].ArchiveURI, "pp-1", "pp-9", 1),
	} {
		if _, err := a.Retrieve(t.Context(), uri); !errors.Is(err, archive.ErrNotArchived) {
			t.Errorf("%q: %v", uri, err)
		}
	}
}
