package archive_test

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// Given what a row has for a content_integrity_reference, Resolve finds, checks
// and verifies the rest.
func TestResolve(t *testing.T) {
	dir, cfg := t.TempDir(), config(t)
	a := inDirectory(t, dir, cfg)
	scene(t, a)
	receipts, err := a.ExportBatch(t.Context(), []archive.Packet{packet(t, "pp-8"), packet(t, "pp-9")})
	if err != nil {
		t.Fatal(err)
	}
	reference := receipts[0].ContentIntegrityReference
	all, err := a.Resolve(t.Context(), reference)
	if err != nil || len(all) != 2 || all[0].Packet.PromotionPacketID != "pp-8" || all[1].Row.ExportRowID != receipts[1].ExportRowID {
		t.Fatalf("%d exports, %v", len(all), err)
	}
	if document, err := all[1].Document(t.Context()); err != nil || !bytes.Contains(document, []byte("pp-9")) {
		t.Errorf("%s, %v", document, err)
	}
	for _, bad := range []string{"", "sha256:", "sha1:00", strings.ToUpper(reference), reference[:70]} {
		if _, err := a.Resolve(t.Context(), bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
	if _, err := a.Resolve(t.Context(), "sha256:"+strings.Repeat("0", 64)); !errors.Is(err, archive.ErrNotArchived) {
		t.Errorf("of nothing: %v", err)
	}
	path := filepath.Join(dir, "manifests", receipts[0].ExportBatchID, strings.TrimPrefix(reference, "sha256:")+".sigstore.json")
	if err := harms["edited"](path); err != nil {
		t.Fatal(err)
	}
	var broken *archive.NotConfirmedError
	if _, err := inDirectory(t, dir, cfg).Resolve(t.Context(), reference); !errors.As(err, &broken) {
		t.Errorf("of a manifest that was edited: %v", err)
	}
}

// A manifest that lies behind a delete marker is not one that never was.
func TestResolveHidden(t *testing.T) {
	bucket := memworm.New()
	a := over(t, bucket, config(t))
	r := scene(t, a)[1]
	bucket.Hide(manifestKey(r))
	var broken *archive.NotConfirmedError
	if _, err := a.Resolve(t.Context(), r.ContentIntegrityReference); !errors.As(err, &broken) || broken.Findings[0].Kind != exportlog.Hidden || broken.Findings[0].Object != manifestKey(r) {
		t.Errorf("%v", err)
	}
}
