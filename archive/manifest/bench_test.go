package manifest_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"

	"github.com/holdfast-archive/holdfast/archive/manifest"
)

// keys has one private key of each supported kind.
func keys(b *testing.B) map[string]crypto.Signer {
	b.Helper()
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	return map[string]crypto.Signer{"P-256": newKey(b), "Ed25519": ed, "RSA-2048": r}
}

// BenchmarkOneExport sets signing and verifying the manifest of one packet beside
// what the same key takes for a bare signature over the same bytes, in the same
// run: x-raw is how many times as long it took.
//
//	go test ./archive/manifest -run '^$' -bench OneExport
func BenchmarkOneExport(b *testing.B) {
	for kind, key := range keys(b) {
		s, err := manifest.NewSigner(key)
		if err != nil {
			b.Fatal(err)
		}
		bundle := sign(b, s)
		pae := dsse.PAE(manifest.PayloadType, bundle)
		digest := sha256.Sum256(pae)
		raw := func() []byte {
			var sig []byte
			var err error
			if ed, ok := key.(ed25519.PrivateKey); ok {
				sig = ed25519.Sign(ed, pae)
			} else {
				sum := sha256.Sum256(pae)
				sig, err = key.Sign(rand.Reader, sum[:], crypto.SHA256)
			}
			if err != nil {
				b.Fatal(err)
			}
			return sig
		}
		signature := raw()
		rawVerify := func() {
			sum := sha256.Sum256(pae)
			ok := false
			switch pub := key.Public().(type) {
			case *ecdsa.PublicKey:
				ok = ecdsa.VerifyASN1(pub, sum[:], signature)
			case ed25519.PublicKey:
				ok = ed25519.Verify(pub, pae, signature)
			case *rsa.PublicKey:
				ok = rsa.VerifyPKCS1v15(pub, crypto.SHA256, digest[:], signature) == nil
			}
			if !ok {
				b.Fatal("the bare signature does not verify")
			}
		}
		b.Run("sign/"+kind, func(b *testing.B) {
			beside(b, func() { sign(b, s) }, func() { raw() })
		})
		b.Run("verify/"+kind, func(b *testing.B) {
			beside(b, func() {
				if _, err := s.Verifier().Verify(bundle); err != nil {
					b.Fatal(err)
				}
			}, rawVerify)
		})
	}
}

// beside runs ours and the alternative by turns.
func beside(b *testing.B, ours, raw func()) {
	var mine, theirs time.Duration
	for b.Loop() {
		start := time.Now()
		ours()
		middle := time.Now()
		raw()
		mine, theirs = mine+middle.Sub(start), theirs+time.Since(middle)
	}
	b.ReportMetric(float64(mine.Nanoseconds())/float64(b.N), "ours-ns/op")
	b.ReportMetric(float64(theirs.Nanoseconds())/float64(b.N), "raw-ns/op")
	b.ReportMetric(float64(mine)/float64(theirs), "x-raw")
}

// BenchmarkBatchOf10000 signs a nightly batch of 10,000 packets, and verifies one
// of its manifests and all of them.
func BenchmarkBatchOf10000(b *testing.B) {
	s := newKeySigner(b)
	var statements []manifest.Statement
	for first := 0; first < 10_000; first += manifest.MaxSubjects {
		p := predicate()
		template := p.Packets[0]
		template.Exhibits, p.Packets = nil, nil
		for i := range manifest.MaxSubjects {
			packet := template
			packet.PromotionPacketID = fmt.Sprintf("pp-%05d", first+i)
			packet.Document.Subject = "packets/" + packet.PromotionPacketID + "/" + sum + "/packet.json"
			packet.Document.URI = "s3://release-evidence/" + packet.Document.Subject + "?versionId=3LgAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
			packet.ArchiveURI = packet.Document.URI
			p.Packets = append(p.Packets, packet)
		}
		statement, err := manifest.NewStatement(p)
		if err != nil {
			b.Fatal(err)
		}
		statements = append(statements, statement)
	}
	var signing, all, one time.Duration
	var size int
	for b.Loop() {
		size = 0
		var bundles [][]byte
		start := time.Now()
		for _, statement := range statements {
			bundle, err := s.Sign(b.Context(), statement)
			if err != nil {
				b.Fatal(err)
			}
			bundles, size = append(bundles, bundle), size+len(bundle)
		}
		signed := time.Now()
		for _, bundle := range bundles {
			if _, err := s.Verifier().Verify(bundle); err != nil {
				b.Fatal(err)
			}
		}
		verified := time.Now()
		if _, err := s.Verifier().Verify(bundles[len(bundles)/2]); err != nil {
			b.Fatal(err)
		}
		signing, all, one = signing+signed.Sub(start), all+verified.Sub(signed), one+time.Since(verified)
	}
	n := float64(b.N)
	b.ReportMetric(float64(len(statements)), "signatures")
	b.ReportMetric(float64(size)/float64(len(statements)), "bytes/manifest")
	b.ReportMetric(signing.Seconds()*1000/n, "sign-all-ms")
	b.ReportMetric(all.Seconds()*1000/n, "verify-all-ms")
	b.ReportMetric(one.Seconds()*1000/n, "verify-one-ms")
}
