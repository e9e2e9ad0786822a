package linkage_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/linkage"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// Evidence that was harmed is still led to, and what is wrong with it is said beside
// what is right.
func TestProveOverHarm(t *testing.T) {
	for name, c := range map[string]struct {
		harm   func(b *memworm.Bucket, r exportlog.Row) error
		broken string // the check that fails
		found  string // what the problem names
	}{
		"packet edited": {func(b *memworm.Bucket, r exportlog.Row) error { return b.Tamper(documentOf(r), []byte("x")) }, "bytes", "packet.csv"},
		"packet hidden": {func(b *memworm.Bucket, r exportlog.Row) error { b.Hide(documentOf(r)); return nil }, "lock", "hides"},
		"manifest edited": {func(b *memworm.Bucket, r exportlog.Row) error {
			return b.Tamper("manifests/"+r.ExportBatchID+"/"+strings.TrimPrefix(r.ContentIntegrityReference, "sha256:")+".sigstore.json", []byte("{}"))
		}, "manifest", "the manifest"},
	} {
		a, b := exported(t)
		l := linkage.New(a)
		link, err := l.Bind(t.Context(), divergence())
		if err != nil {
			t.Fatal(err)
		}
		if err := c.harm(b, link.Export); err != nil {
			t.Fatal(err)
		}
		for _, q := range []exportlog.Query{{IncidentTicketID: "INC-1"}, {PromotionPacketID: payments}} {
			proofs, err := l.Prove(t.Context(), q)
			if err != nil || len(proofs) != 1 {
				t.Fatalf("%s: %d proofs, %v", name, len(proofs), err)
			}
			p := proofs[0]
			if !errors.Is(p.Problem, archive.ErrNotConfirmed) || !strings.Contains(p.Problem.Error(), c.found) || p.Export.ExportRowID != link.SubjectExportRowID {
				t.Errorf("%s: row %d: %v", name, p.Export.ExportRowID, p.Problem)
			}
			broken := map[string]bool{}
			for _, s := range p.Steps {
				for _, check := range s.Checked {
					if !check.OK {
						broken[check.What] = true
					}
				}
			}
			if !broken[c.broken] || len(broken) != 1 {
				t.Errorf("%s: %v are broken, want %s", name, broken, c.broken)
			}
			if (p.Document == nil) != (name != "packet hidden") {
				t.Errorf("%s: the document is %d bytes", name, len(p.Document))
			}
		}
	}
}

// A link that says something else than the row it is bound to is not believed.
func TestProveByAForgedLink(t *testing.T) {
	a, _ := exported(t)
	l := linkage.New(a)
	link, err := l.Bind(t.Context(), divergence())
	if err != nil {
		t.Fatal(err)
	}
	forged := link.Row
	forged.SubjectExportRowID, forged.IncidentTicketID, forged.IdempotencyKey = 1, "INC-forged", "forged"
	if _, err := a.Log().Append(t.Context(), forged); err != nil {
		t.Fatal(err)
	}
	proofs, err := l.Prove(t.Context(), exportlog.Query{IncidentTicketID: "INC-forged"})
	if err != nil || len(proofs) != 1 || !errors.Is(proofs[0].Problem, archive.ErrNotConfirmed) || !strings.Contains(proofs[0].Problem.Error(), "row 1") {
		t.Errorf("%d proofs, %v: %v", len(proofs), err, proofs[0].Problem)
	}
	forged.SubjectExportRowID, forged.IncidentTicketID, forged.IdempotencyKey = link.ExportRowID, "INC-astray", "astray"
	if _, err := a.Log().Append(t.Context(), forged); err != nil {
		t.Fatal(err)
	}
	if proofs, err := l.Prove(t.Context(), exportlog.Query{IncidentTicketID: "INC-astray"}); err != nil || proofs[0].Problem == nil {
		t.Errorf("a link to a link: %+v, %v", proofs, err)
	}
}

func TestProveNothing(t *testing.T) {
	a, _ := exported(t)
	if _, err := linkage.New(a).Prove(t.Context(), exportlog.Query{IncidentTicketID: "INC-1"}); !errors.Is(err, linkage.ErrNotLocated) {
		t.Error(err)
	}
}
