package archive_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/digitorus/timestamp"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// stampingAuthority timestamps with a leaf and sends its chain along.
type stampingAuthority struct {
	leaf, root *x509.Certificate
	key        *ecdsa.PrivateKey
}

// authority is a timestamp authority whose leaf and root end at the times given.
func authority(t testing.TB, leafEnds, rootEnds time.Time) stampingAuthority {
	t.Helper()
	rootKey, key := newKey(t), newKey(t)
	root := issued(t, &x509.Certificate{Subject: pkix.Name{CommonName: "tsa root"}, NotAfter: rootEnds, IsCA: true, BasicConstraintsValid: true}, nil, rootKey, rootKey)
	purpose, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	if err != nil {
		t.Fatal(err)
	}
	leaf := issued(t, &x509.Certificate{Subject: pkix.Name{CommonName: "tsa leaf"}, NotAfter: leafEnds, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: purpose}}}, root, key, rootKey)
	return stampingAuthority{leaf, root, key}
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func issued(t testing.TB, c, by *x509.Certificate, key, signer *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	c.SerialNumber, c.NotBefore = big.NewInt(time.Now().UnixNano()), c.NotAfter.AddDate(-10, 0, 0)
	if by == nil {
		by = c
	}
	der, err := x509.CreateCertificate(rand.Reader, c, by, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// Timestamp implements [manifest.TimeAuthority].
func (a stampingAuthority) Timestamp(_ context.Context, signature []byte) ([]byte, error) {
	digest := sha256.Sum256(signature)
	stamp := timestamp.Timestamp{HashAlgorithm: crypto.SHA256, HashedMessage: digest[:], Time: noon, Policy: asn1.ObjectIdentifier{1, 2, 3}, AddTSACertificate: true, Certificates: []*x509.Certificate{a.root}}
	return stamp.CreateResponseWithOpts(a.leaf, a.key, crypto.SHA256)
}

// stamped opens the archive of a bucket for a signer with timestamps of an authority.
func stamped(t *testing.T, b worm.Driver, by stampingAuthority) *archive.Archive {
	t.Helper()
	cfg := config(t)
	signer, err := cfg.Signer.WithTimestamps(manifest.Stamping{Authorities: []manifest.TimeAuthority{by}, Required: 1})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Signer = signer
	return over(t, b, cfg)
}

// The chain of a timestamp authority is read from the manifests that rest on it, when that
// is asked for, and named once however many do.
func TestRadarReadsBundles(t *testing.T) {
	leafEnds, rootEnds := noon.AddDate(0, 1, 0), noon.AddDate(1, 0, 0)
	b := memworm.New()
	a := stamped(t, b, authority(t, leafEnds, rootEnds))
	scene(t, a) // three manifests; standard is two years
	if r := look(t, a, archive.Watch{}); len(r.Lapses) != 0 {
		t.Errorf("without looking into bundles: %s", r)
	}
	ctx, meter := worm.WithMeter(t.Context())
	without := requests(t, a, archive.Watch{})
	r, err := a.Radar(ctx, archive.Watch{Bundles: true})
	if err != nil {
		t.Fatal(err)
	}
	if more := meter.Usage().Requests - without; more != 3 {
		t.Errorf("it took %d requests more for three manifests", more)
	}
	ends := lapses(r, archive.CertEnds)
	if len(ends) != 2 || r.Soon != 1 || r.Later != 1 || r.ExitCode() != 1 {
		t.Fatalf("%s", r)
	}
	if l := ends[0]; l.Object != "CN=tsa leaf" || !l.ByUTC.Equal(leafEnds) || l.ExportRowID != 1 || l.NeededUTC.Year() != 2028 || !strings.Contains(l.Problem, "3 manifests") || !strings.Contains(l.Mend, "-attime") {
		t.Errorf("the leaf: %+v", l)
	}
	if l := ends[1]; l.Object != "CN=tsa root" || !l.ByUTC.Equal(rootEnds) {
		t.Errorf("the root: %+v", l)
	}
	long := stamped(t, memworm.New(), authority(t, noon.AddDate(9, 0, 0), noon.AddDate(9, 0, 0)))
	scene(t, long)
	if r := look(t, long, archive.Watch{Bundles: true}); len(r.Lapses) != 0 {
		t.Errorf("a chain that outlasts the evidence: %s", r)
	}
}

func requests(t *testing.T, a *archive.Archive, w archive.Watch) int {
	t.Helper()
	ctx, meter := worm.WithMeter(t.Context())
	if _, err := a.Radar(ctx, w); err != nil {
		t.Fatal(err)
	}
	return meter.Usage().Requests
}

// A manifest of a batch is read once, and one that is not what the row says is an error.
func TestRadarOfBatchesAndDamagedBundles(t *testing.T) {
	b := memworm.New()
	a := stamped(t, b, authority(t, noon.AddDate(0, 1, 0), noon.AddDate(9, 0, 0)))
	if _, err := a.ExportBatch(t.Context(), []archive.Packet{packet(t, "pp-1"), packet(t, "pp-2"), packet(t, "pp-3")}); err != nil {
		t.Fatal(err)
	}
	if more := requests(t, a, archive.Watch{Bundles: true}) - requests(t, a, archive.Watch{}); more != 1 {
		t.Errorf("one manifest took %d requests", more)
	}
	for e, err := range b.List(t.Context(), "manifests/") {
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Tamper(e.Ref.Key, bytes.Replace(content(t, b, e.Ref.Key), []byte("a"), []byte("b"), 1)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.Radar(t.Context(), archive.Watch{Bundles: true}); err == nil || !strings.Contains(err.Error(), "row 1") {
		t.Errorf("a bundle that was changed: %v", err)
	}
}
