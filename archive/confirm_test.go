package archive_test

import (
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
