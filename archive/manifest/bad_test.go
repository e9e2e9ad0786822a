package manifest_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"

	"github.com/holdfast-archive/holdfast/archive/manifest"
)

// signRaw is a bundle over any payload, by a key that is trusted.
func signRaw(t *testing.T, key ed25519.PrivateKey, payload []byte) []byte {
	t.Helper()
	s, err := manifest.NewSigner(key)
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.StdEncoding.EncodeToString
	return fmt.Appendf(nil, `{"mediaType":%q,"verificationMaterial":{"publicKey":{"hint":%q}},"dsseEnvelope":{"payload":%q,"payloadType":%q,"signatures":[{"sig":%q}]}}`,
		manifest.MediaType, s.KeyID(), encode(payload), manifest.PayloadType, encode(ed25519.Sign(key, dsse.PAE(manifest.PayloadType, payload))))
}

// What is no manifest is refused, each for its own reason, in words.
func TestBadFiles(t *testing.T) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := manifest.NewSigner(key)
	if err != nil {
		t.Fatal(err)
	}
	bundle := sign(t, s)
	for _, c := range []struct {
		name, file string
		want       error
		says       string
	}{
		{"empty", "", manifest.ErrTruncated, "ends after 0 bytes"},
		{"cut off", string(bundle[:len(bundle)/2]), manifest.ErrTruncated, "ends after"},
		{"cut off by a byte", string(bundle[:len(bundle)-1]), manifest.ErrTruncated, "ends after"},
		{"huge", strings.Repeat(" ", manifest.MaxBundleBytes+1), manifest.ErrTooLarge, "the limit is"},
		{"a name twice", strings.Replace(string(bundle), `{"mediaType"`, `{"mediaType":"","mediaType"`, 1), manifest.ErrDuplicateName, "mediaType"},
		{"a payload twice", strings.Replace(string(bundle), `"payload":`, `"payload":"e30=","payload":`, 1), manifest.ErrDuplicateName, "payload"},
		{"a checksum", sum + "  packet.json\n", manifest.ErrUnsigned, "checksum"},
		{"a bare string", `"` + sum + `"`, manifest.ErrUnsigned, "checksum"},
		{"null", "null", manifest.ErrUnsigned, "JSON object"},
		{"a list", "[" + string(bundle) + "]", manifest.ErrUnsigned, "JSON object"},
		{"a bare statement", string(payloadOf(t, bundle)), manifest.ErrMalformed, "not a Sigstore bundle"},
		{"nothing in it", "{}", manifest.ErrMalformed, "mediaType"},
		{"two files", string(bundle) + string(bundle), manifest.ErrMalformed, "follows"},
		{"no UTF-8", "{\"\xff\":1}", manifest.ErrMalformed, "UTF-8"},
		{"deep", strings.Repeat(`{"a":`, 20000), manifest.ErrMalformed, ""},
	} {
		_, err := s.Verifier().Verify([]byte(c.file))
		if !errors.Is(err, c.want) || !errors.Is(err, manifest.ErrMalformed) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

// A trusted key's signature does not make a statement good.
func TestBadStatementsAreNotVerified(t *testing.T) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good, err := json.Marshal(statement(t))
	if err != nil {
		t.Fatal(err)
	}
	s, err := manifest.NewSigner(key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Verifier().Verify(signRaw(t, key, good)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, old, new string
		want           error
	}{
		{"a field twice", `"export_batch_id":`, `"export_batch_id":"eb-other","export_batch_id":`, manifest.ErrDuplicateName},
		{"a digest twice", `"sha256":`, `"sha256":"","sha256":`, manifest.ErrDuplicateName},
		{"the next version", "export/v1", "export/v2", manifest.ErrMalformed},
		{"a version before", "export/v1", "export/v0.1", manifest.ErrMalformed},
		{"another predicate", manifest.PredicateType, "https://slsa.dev/provenance/v1", manifest.ErrMalformed},
		{"another statement", manifest.StatementType, "https://in-toto.io/Statement/v0.1", manifest.ErrMalformed},
		{"SHA-1", `"digest":{"sha256":"` + sum + `"}`, `"digest":{"sha1":"` + sum[:40] + `"}`, manifest.ErrUnknownAlgorithm},
		{"SHA-512", `"digest":{"sha256":"` + sum + `"}`, `"digest":{"sha512":"` + sum + sum + `"}`, manifest.ErrUnknownAlgorithm},
		{"a number for a text", `"export_batch_id":"eb-20260804-5be2d3c8a90f1e77"`, `"export_batch_id":7`, manifest.ErrMalformed},
		{"cut off", `}`, ``, manifest.ErrMalformed},
	} {
		bad := bytes.Replace(good, []byte(c.old), []byte(c.new), 1)
		if bytes.Equal(bad, good) {
			t.Fatalf("%s: nothing was changed", c.name)
		}
		if _, err := s.Verifier().Verify(signRaw(t, key, bad)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

// A manifest that verifies is still not the one asked about, nor over any file.
func TestReference(t *testing.T) {
	s := newKeySigner(t)
	bundle, another := sign(t, s), sign(t, s)
	reference := manifest.Reference(bundle)
	got, err := s.Verifier().VerifyReference(bundle, reference)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Verifier().VerifyReference(another, reference); !errors.Is(err, manifest.ErrOtherManifest) {
		t.Errorf("the bundle of another batch: %v", err)
	}
	for _, bad := range []string{"", sum, "sha256:", "sha256:" + sum[1:], "sha256:" + strings.ToUpper(sum), "SHA256:" + sum, "sha512:" + sum, "sha256:../../" + sum} {
		if got, err := manifest.ParseReference(bad); !errors.Is(err, manifest.ErrBadReference) {
			t.Errorf("%q was read as %q, %v", bad, got, err)
		}
		if _, err := s.Verifier().VerifyReference(bundle, bad); !errors.Is(err, manifest.ErrBadReference) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	packet, object, err := got.Find(other)
	if err != nil || packet.PromotionPacketID != predicate().Packets[0].PromotionPacketID || object.Name != "scorecard.pdf" {
		t.Errorf("an exhibit: %+v, %v", object, err)
	}
	for _, bad := range []string{"", strings.Repeat("0", 64), strings.ToUpper(sum), sum[:40]} {
		if _, _, err := got.Find(bad); !errors.Is(err, manifest.ErrNotCovered) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, _, err := (manifest.Verified{}).Find(""); !errors.Is(err, manifest.ErrNotCovered) {
		t.Errorf("of nothing: %v", err)
	}
}

// What is empty signs nothing and trusts nobody, and says so.
func TestZeroValues(t *testing.T) {
	bundle := sign(t, newKeySigner(t))
	for name, s := range map[string]*manifest.Signer{"nil": nil, "zero": {}, "nobody's": manifest.NewSealingSigner(nil)} {
		if _, err := s.Sign(t.Context(), statement(t)); !errors.Is(err, manifest.ErrNoSigner) {
			t.Errorf("%s signer: %v", name, err)
		}
		if _, err := s.WithTimestamps(manifest.Stamping{}); !errors.Is(err, manifest.ErrNoSigner) {
			t.Errorf("%s signer: %v", name, err)
		}
	}
	if _, err := (&manifest.Signer{}).PublicKeyPEM(); err == nil {
		t.Error("an empty signer has a public key")
	}
	for name, v := range map[string]*manifest.Verifier{"nil": nil, "zero": {}} {
		if _, err := v.Verify(bundle); !errors.Is(err, manifest.ErrNoTrustedKeys) || len(v.KeyIDs()) != 0 {
			t.Errorf("%s verifier: %v", name, err)
		}
	}
	if _, err := newKeySigner(t).WithTimestamps(manifest.Stamping{Authorities: []manifest.TimeAuthority{nil}}); err == nil {
		t.Error("an authority that is nil was taken")
	}
	if _, err := manifest.NewStatement(manifest.Predicate{}); !errors.Is(err, manifest.ErrMalformed) {
		t.Errorf("an empty predicate: %v", err)
	}
	for name, key := range map[string]any{
		"nil": nil, "nil ECDSA": (*ecdsa.PrivateKey)(nil), "empty ECDSA": &ecdsa.PrivateKey{}, "nil RSA": (*rsa.PrivateKey)(nil), "empty RSA": &rsa.PrivateKey{},
		"empty Ed25519": ed25519.PrivateKey{}, "P-256 without a point": &ecdsa.PrivateKey{PublicKey: ecdsa.PublicKey{Curve: elliptic.P256()}},
		"P-256 without a number": &ecdsa.PrivateKey{PublicKey: newKey(t).PublicKey},
	} {
		if _, err := manifest.NewSigner(key); !errors.Is(err, manifest.ErrUnsupportedKey) {
			t.Errorf("%s private key: %v", name, err)
		}
	}
	for name, key := range map[string]any{
		"nil": nil, "nil ECDSA": (*ecdsa.PublicKey)(nil), "empty ECDSA": &ecdsa.PublicKey{}, "nil RSA": (*rsa.PublicKey)(nil), "empty RSA": &rsa.PublicKey{},
		"empty Ed25519": ed25519.PublicKey{}, "P-256 without a point": &ecdsa.PublicKey{Curve: elliptic.P256()},
	} {
		if _, err := manifest.NewVerifier(key); !errors.Is(err, manifest.ErrUnsupportedKey) {
			t.Errorf("%s public key: %v", name, err)
		}
		if id, err := manifest.KeyID(key); id != "" || !errors.Is(err, manifest.ErrUnsupportedKey) {
			t.Errorf("%s public key is named %q: %v", name, id, err)
		}
	}
}
