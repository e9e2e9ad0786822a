package archive_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// Why a manifest does not count can be told by every way to it.
func TestWhyNotConfirmed(t *testing.T) {
	signer, other := newSigner(t), newSigner(t)
	cfg := config(t)
	cfg.Signer = signer
	for name, c := range map[string]struct {
		trust manifest.Trust
		want  error
	}{
		"wrong key":       {manifest.Trust{Keys: []manifest.TrustedKey{{Key: other.PublicKey()}}}, manifest.ErrUnknownKey},
		"expired key":     {manifest.Trust{Keys: []manifest.TrustedKey{{Key: signer.PublicKey(), Until: noon.Add(-time.Hour)}}}, manifest.ErrKeyNotInUse},
		"not yet valid":   {manifest.Trust{Keys: []manifest.TrustedKey{{Key: signer.PublicKey(), From: noon.Add(time.Hour)}}}, manifest.ErrKeyNotInUse},
		"not an owner":    {manifest.Trust{Keys: []manifest.TrustedKey{{Key: other.PublicKey(), Owner: "platform"}, {Key: signer.PublicKey(), Owner: "checkout-team"}}, Owners: []string{"platform"}}, manifest.ErrNotOwner},
		"no timestamp":    {manifest.Trust{Keys: []manifest.TrustedKey{{Key: signer.PublicKey()}}, Timestamps: nobodysTime{}, RequireTimestamps: 1}, manifest.ErrNoTimestamp},
		"not even a zero": {manifest.Trust{}, manifest.ErrNoTrustedKeys},
	} {
		bucket := memworm.New()
		row := scene(t, over(t, bucket, cfg))[0].Row
		verifier, err := c.trust.NewVerifier()
		if errors.Is(err, manifest.ErrNoTrustedKeys) {
			verifier = &manifest.Verifier{}
		} else if err != nil {
			t.Fatal(err)
		}
		a := over(t, bucket, archive.Config{Verifier: verifier, Clock: cfg.Clock})
		_, confirmed := a.Confirm(t.Context(), row)
		_, retrieved := a.Retrieve(t.Context(), row.ArchiveURI)
		_, resolved := a.Resolve(t.Context(), row.ContentIntegrityReference)
		for way, err := range map[string]error{"Confirm": confirmed, "Retrieve": retrieved, "Resolve": resolved} {
			if !errors.Is(err, c.want) || !errors.Is(err, archive.ErrNotConfirmed) {
				t.Errorf("%s, %s: %v, want %v", name, way, err, c.want)
			}
		}
	}
}

type nobodysTime struct{}

func (nobodysTime) VerifyTimestamp(_, _ []byte) (manifest.Timestamp, error) {
	return manifest.Timestamp{}, errors.New("nobody is trusted")
}

// A signed manifest that is another export's, and a file that nobody signed, do not
// stand in for a manifest, whatever a row says.
func TestManifestsThatStandIn(t *testing.T) {
	bucket := memworm.New()
	a := over(t, bucket, config(t))
	receipts := scene(t, a)
	checksum := []byte(receipts[0].PacketSHA256.String() + "  packet.json\n")
	unsigned := receipts[0]
	unsigned.ContentIntegrityReference = "sha256:" + worm.Sum(checksum).String()
	bucket.Overwrite(manifestKey(unsigned), checksum)
	another := receipts[0].Row
	another.ExportBatchID, another.ContentIntegrityReference = receipts[1].ExportBatchID, receipts[1].ContentIntegrityReference
	for name, c := range map[string]struct {
		row  exportlog.Row
		want error
	}{
		"an unsigned checksum": {unsigned.Row, manifest.ErrUnsigned},
		"another batch's":      {another, manifest.ErrNotCovered},
	} {
		if _, err := a.Confirm(t.Context(), c.row); !errors.Is(err, c.want) || !errors.Is(err, archive.ErrNotConfirmed) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if _, err := a.Resolve(t.Context(), unsigned.ContentIntegrityReference); !errors.Is(err, archive.ErrNotArchived) {
		t.Errorf("resolving an unsigned checksum that no row has: %v", err)
	}
}

// Exhibits that changed places are both named.
func TestSwappedExhibits(t *testing.T) {
	bucket := memworm.New()
	a := over(t, bucket, config(t))
	r, err := a.Export(t.Context(), packet(t, "pp-1").With(exhibit("a.pdf", "green")).With(exhibit("b.pdf", "red")))
	if err != nil {
		t.Fatal(err)
	}
	folder := strings.TrimSuffix(documentKey(r), "packet.json") + "exhibits/"
	for name, content := range map[string]string{"a.pdf": "red", "b.pdf": "green"} {
		if err := bucket.Tamper(folder+name, []byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	confirmation, err := a.Confirm(t.Context(), r.Row)
	if !errors.Is(err, archive.ErrNotConfirmed) {
		t.Fatalf("%v", err)
	}
	edited := map[string]bool{}
	for _, f := range confirmation.Findings {
		edited[f.Object] = f.Kind == exportlog.Edited
	}
	if len(edited) != 2 || !edited[folder+"a.pdf"] || !edited[folder+"b.pdf"] {
		t.Errorf("%v", confirmation.Findings)
	}
}
