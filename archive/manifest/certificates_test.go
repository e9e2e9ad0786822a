package manifest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"testing"
	"time"

	"github.com/digitorus/timestamp"
)

// response is a TimeStampResp that carries the certificate of who made it.
func response(t testing.TB) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "tsa"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	if c, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte("signature"))
	stamp := timestamp.Timestamp{HashAlgorithm: crypto.SHA256, HashedMessage: digest[:], Time: time.Now(), Policy: asn1.ObjectIdentifier{1, 2, 3}, AddTSACertificate: true}
	b, err := stamp.CreateResponseWithOpts(c, key, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestStampedBy(t *testing.T) {
	if certs, err := stampedBy(response(t)); err != nil || len(certs) != 1 || certs[0].Subject.CommonName != "tsa" {
		t.Errorf("%v, %v", certs, err)
	}
	refused := []byte{0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x02} // status: rejection, and no token
	for name, b := range map[string][]byte{"nothing": nil, "no DER": []byte("no"), "a refusal": refused, "too much": make([]byte, maxStamp+1)} {
		if certs, err := stampedBy(b); err == nil {
			t.Errorf("%s: %v", name, certs)
		}
	}
}

// No timestamp, whatever it holds, is the end of a process.
func FuzzStampedBy(f *testing.F) {
	f.Add(response(f))
	f.Add([]byte{0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x02})
	f.Fuzz(func(t *testing.T, b []byte) { stampedBy(b) })
}
