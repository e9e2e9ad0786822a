package archive_test

import (
	"crypto/sha256"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

func seq(rows ...exportlog.Row) func(yield func(exportlog.Row, error) bool) {
	return func(yield func(exportlog.Row, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// Evidence gives out what others need to check it: the bundle, the key, and what the
// row's idempotency_key is the hash of.
func TestEvidenceForOthers(t *testing.T) {
	a := over(t, memworm.New(), config(t))
	register := sampleRegister(t)
	if _, err := a.ExportBatch(t.Context(), register); err != nil {
		t.Fatal(err)
	}
	n := 0
	for e, err := range a.EvidenceOf(t.Context(), a.Log().Rows(t.Context(), 1)) {
		if err != nil {
			t.Fatal(err)
		}
		bundle, err := e.Bundle(t.Context())
		if err != nil || manifest.Reference(bundle) != e.Row.ContentIntegrityReference {
			t.Errorf("bundle: %v", err)
		}
		if sum := sha256.Sum256([]byte(e.Contents())); e.Row.IdempotencyKey != fmt.Sprintf("export:%x", sum) {
			t.Errorf("contents %q do not hash to %s", e.Contents(), e.Row.IdempotencyKey)
		}
		key, err := e.PublicKeyPEM()
		if block, _ := pem.Decode(key); err != nil || fmt.Sprintf("%x", sha256.Sum256(block.Bytes)) != e.SignedBy.KeyID {
			t.Errorf("key: %v", err)
		}
		fields, err := e.Fields(t.Context())
		if err != nil || fields[0] != (archive.Field{Name: "promotion_packet_id", Value: e.Row.PromotionPacketID}) {
			t.Errorf("fields %v, %v", fields, err)
		}
		n++
	}
	if n != len(register) {
		t.Errorf("%d, want %d", n, len(register))
	}
}

// A manifest that does not verify does not hide the evidence behind it.
func TestEvidenceBesideDamage(t *testing.T) {
	b := memworm.New()
	a := over(t, b, config(t))
	packets := readFolders(t)[:2]
	var receipts []archive.Receipt
	for _, p := range packets {
		r, err := a.Export(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		receipts = append(receipts, r)
	}
	first, second := receipts[0], receipts[1]
	key := "manifests/" + first.ExportBatchID + "/" + strings.TrimPrefix(first.ContentIntegrityReference, "sha256:") + ".sigstore.json"
	if err := b.Tamper(key, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	var got []archive.Evidence
	for e, err := range a.EvidenceOf(t.Context(), seq(first.Row, second.Row)) {
		if (len(got) == 0) != errors.Is(err, archive.ErrNotConfirmed) {
			t.Errorf("row %d: %v", e.Row.ExportRowID, err)
		}
		got = append(got, e)
	}
	if len(got) != 2 || got[0].Row.ExportRowID != 1 || got[1].Packet.PromotionPacketID != packets[1].Header.PromotionPacketID {
		t.Errorf("%+v", got)
	}
}
