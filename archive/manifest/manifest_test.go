package manifest_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/archive/manifest"
)

var (
	sum   = strings.Repeat("9f", 32)
	other = strings.Repeat("a1", 32)
)

// predicate is a batch of one packet with an exhibit.
func predicate() manifest.Predicate {
	until := time.Date(2033, 8, 5, 0, 0, 0, 0, time.UTC)
	return manifest.Predicate{
		ExportBatchID:     "eb-20260804-5be2d3c8a90f1e77",
		ExportedAtUTC:     time.Date(2026, 8, 4, 10, 30, 12, 250e6, time.UTC),
		ExportOperatorAck: "release-ops/pipeline-42",
		Packets: []manifest.Packet{{
			PromotionPacketID: "pp/ギルド <&>", PromotionDecision: "promote", PromotionDecisionAtUTC: time.Date(2026, 8, 4, 10, 22, 0, 0, time.UTC),
			ArchiveURI: "file:///evidence/packets/pp-7/9f/packet.json",
			Document:   manifest.Object{Name: "packet.json", Subject: "packets/pp-7/9f/packet.json", URI: "file:///x", SHA256: sum, Size: 812},
			Exhibits:   []manifest.Object{{Name: "scorecard.pdf", Subject: "packets/pp-7/9f/exhibits/scorecard.pdf", URI: "file:///y", SHA256: other, Size: 0}},
			Retention:  manifest.Retention{RetentionClass: "regulated", Reasons: []string{"jurisdiction KR"}, Period: "P7Y", Mode: "compliance", RetainUntilUTC: &until, PolicySHA256: sum},
		}},
		Log: manifest.LogAnchor{Size: 41, RootSHA256: sum, LastRowSHA256: other},
	}
}

func statement(t testing.TB) manifest.Statement {
	t.Helper()
	s, err := manifest.NewStatement(predicate())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// signers has one signer of each supported kind.
func signers(t testing.TB) map[string]*manifest.Signer {
	t.Helper()
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsa2048, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*manifest.Signer{}
	for name, key := range map[string]crypto.PrivateKey{"P-256": p256, "RSA": rsa2048, "Ed25519": ed} {
		if all[name], err = manifest.NewSigner(key); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func sign(t testing.TB, s *manifest.Signer) []byte {
	t.Helper()
	bundle, err := s.Sign(t.Context(), statement(t))
	if err != nil {
		t.Fatal(err)
	}
	return bundle
}

func TestSignAndVerify(t *testing.T) {
	for name, s := range signers(t) {
		bundle := sign(t, s)
		got, err := s.Verifier().Verify(bundle)
		if err != nil || got.SignedBy.KeyID != s.KeyID() || !reflect.DeepEqual(got.Statement, statement(t)) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if bytes.ContainsAny(bundle, " \n") {
			t.Errorf("%s: the bundle has white space: %s", name, bundle)
		}
		digits, err := manifest.ParseReference(manifest.Reference(bundle))
		if err != nil || "sha256:"+digits != manifest.Reference(bundle) {
			t.Errorf("%s: reference %s, %v", name, manifest.Reference(bundle), err)
		}
	}
}

func TestUnsupportedKeys(t *testing.T) {
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GODEBUG", "rsa1024min=0")
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]crypto.PrivateKey{"P-384": p384, "RSA 1024": short, "text": "key"} {
		if _, err := manifest.NewSigner(key); !errors.Is(err, manifest.ErrUnsupportedKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := manifest.NewVerifier(&p384.PublicKey); !errors.Is(err, manifest.ErrUnsupportedKey) {
		t.Errorf("public P-384: %v", err)
	}
	if _, err := manifest.NewVerifier(); !errors.Is(err, manifest.ErrNoTrustedKeys) {
		t.Errorf("no keys: %v", err)
	}
}

// bundleMap takes a bundle apart so that a test can change any part of it.
type bundleMap map[string]any

func (b bundleMap) envelope() map[string]any { return b["dsseEnvelope"].(map[string]any) }

func (b bundleMap) signature() map[string]any {
	return b.envelope()["signatures"].([]any)[0].(map[string]any)
}

// editPayload changes the statement without signing it again.
func (b bundleMap) editPayload(old, new string) {
	payload, err := base64.StdEncoding.DecodeString(b.envelope()["payload"].(string))
	if err != nil {
		panic(err)
	}
	if !bytes.Contains(payload, []byte(old)) {
		panic("the payload has no " + old)
	}
	b.envelope()["payload"] = base64.StdEncoding.EncodeToString(bytes.Replace(payload, []byte(old), []byte(new), 1))
}

func TestTamperedBundles(t *testing.T) {
	for kind, s := range signers(t) {
		for name, c := range map[string]struct {
			tamper func(b bundleMap)
			want   error
		}{
			"statement edited":  {func(b bundleMap) { b.editPayload("promote", "decline") }, manifest.ErrBadSignature},
			"digest edited":     {func(b bundleMap) { b.editPayload(sum, other) }, manifest.ErrBadSignature},
			"signature swapped": {func(b bundleMap) { b.signature()["sig"] = base64.StdEncoding.EncodeToString(make([]byte, 64)) }, manifest.ErrBadSignature},
			"signature emptied": {func(b bundleMap) { b.signature()["sig"] = "" }, manifest.ErrUnsigned},
			"signature removed": {func(b bundleMap) { b.envelope()["signatures"] = []any{} }, manifest.ErrUnsigned},
			"two signatures":    {func(b bundleMap) { b.envelope()["signatures"] = []any{b.signature(), b.signature()} }, manifest.ErrMalformed},
			"payload type":      {func(b bundleMap) { b.envelope()["payloadType"] = "text/plain" }, manifest.ErrMalformed},
			"media type":        {func(b bundleMap) { b["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.2" }, manifest.ErrMalformed},
			"no envelope":       {func(b bundleMap) { delete(b, "dsseEnvelope") }, manifest.ErrUnsigned},
			"a signed digest": {func(b bundleMap) {
				delete(b, "dsseEnvelope")
				b["messageSignature"] = map[string]any{"messageDigest": map[string]any{"algorithm": "SHA2_256", "digest": "AAAA"}, "signature": "AAAA"}
			}, manifest.ErrUnsigned},
			"base64 for URLs":  {func(b bundleMap) { b.signature()["sig"] = forURLs(b.signature()["sig"]) }, manifest.ErrMalformed},
			"base64 unpadded":  {func(b bundleMap) { b.signature()["sig"] = strings.TrimRight(b.signature()["sig"].(string), "=") + " " }, manifest.ErrMalformed},
			"an odd algorithm": {func(b bundleMap) { b.signature()["alg"] = "none" }, manifest.ErrMalformed},
			"a certificate in the key's place": {func(b bundleMap) {
				b["verificationMaterial"] = map[string]any{"certificate": map[string]any{"rawBytes": "AAAA"}}
			}, manifest.ErrUnknownIdentity},
			"no key named":    {func(b bundleMap) { delete(b, "verificationMaterial") }, manifest.ErrMalformed},
			"something added": {func(b bundleMap) { b["extra"] = 1 }, manifest.ErrMalformed},
			"a keyid added":   {func(b bundleMap) { b.signature()["keyid"] = "x" }, manifest.ErrMalformed},
			"another key named": {func(b bundleMap) {
				b["verificationMaterial"] = map[string]any{"publicKey": map[string]any{"hint": sum}}
			}, manifest.ErrUnknownKey},
		} {
			var b bundleMap
			if err := json.Unmarshal(sign(t, s), &b); err != nil {
				t.Fatal(err)
			}
			c.tamper(b)
			tampered, err := json.Marshal(b)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Verifier().Verify(tampered); !errors.Is(err, c.want) {
				t.Errorf("%s, %s: %v, want %v", kind, name, err, c.want)
			}
		}
	}
}

// forURLs is another spelling of base64, which protobuf's JSON reads as well.
func forURLs(sig any) string {
	return strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(sig.(string))
}

// Keys are rotated: what an old key signed still verifies, what a stranger's did
// does not.
func TestSeveralKeys(t *testing.T) {
	all, strangers := signers(t), signers(t)
	v, err := manifest.NewVerifier(all["P-256"].PublicKey(), all["RSA"].PublicKey(), all["Ed25519"].PublicKey())
	if err != nil || len(v.KeyIDs()) != 3 {
		t.Fatalf("%v, %v", v.KeyIDs(), err)
	}
	for name, s := range all {
		if got, err := v.Verify(sign(t, s)); err != nil || got.SignedBy.KeyID != s.KeyID() {
			t.Errorf("%s: %+v, %v", name, got.SignedBy.KeyID, err)
		}
	}
	_, err = v.Verify(sign(t, strangers["P-256"]))
	var unknown *manifest.UnknownKeyError
	if !errors.As(err, &unknown) || unknown.Hint != strangers["P-256"].KeyID() || len(unknown.Trusted) != 3 {
		t.Errorf("a stranger's: %v", err)
	}
}

func TestBadStatementsAreNotSigned(t *testing.T) {
	s := signers(t)["P-256"]
	for name, spoil := range map[string]func(*manifest.Statement){
		"type":                    func(s *manifest.Statement) { s.Type = "x" },
		"predicate type":          func(s *manifest.Statement) { s.PredicateType = "x" },
		"no batch":                func(s *manifest.Statement) { s.Predicate.ExportBatchID = "" },
		"no subjects":             func(s *manifest.Statement) { s.Subjects, s.Predicate.Packets = nil, nil },
		"subject without object":  func(s *manifest.Statement) { s.Predicate.Packets[0].Exhibits = nil },
		"object without subject":  func(s *manifest.Statement) { s.Subjects = s.Subjects[:1] },
		"subject twice":           func(s *manifest.Statement) { s.Subjects = append(s.Subjects, s.Subjects[0]) },
		"digests that differ":     func(s *manifest.Statement) { s.Subjects[0].Digest.SHA256 = other },
		"digest in capitals":      func(s *manifest.Statement) { s.Subjects[0].Digest.SHA256 = strings.ToUpper(sum) },
		"digest too short":        func(s *manifest.Statement) { s.Subjects[0].Digest.SHA256 = "9f" },
		"size below zero":         func(s *manifest.Statement) { s.Predicate.Packets[0].Document.Size = -1 },
		"more subjects than some": func(s *manifest.Statement) { crowd(s, manifest.MaxSubjects+1) },
	} {
		bad := statement(t)
		spoil(&bad)
		if _, err := s.Sign(t.Context(), bad); !errors.Is(err, manifest.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	full := statement(t)
	crowd(&full, manifest.MaxSubjects)
	bundle, err := s.Sign(t.Context(), full)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Verifier().Verify(bundle); err != nil || len(got.Statement.Subjects) != manifest.MaxSubjects {
		t.Errorf("%d subjects: %v", len(got.Statement.Subjects), err)
	}
}

func crowd(s *manifest.Statement, n int) {
	s.Subjects, s.Predicate.Packets[0].Exhibits = s.Subjects[:1], nil
	for i := 1; i < n; i++ {
		o := manifest.Object{Name: fmt.Sprint(i), Subject: fmt.Sprint("exhibits/", i), SHA256: other}
		s.Predicate.Packets[0].Exhibits = append(s.Predicate.Packets[0].Exhibits, o)
		s.Subjects = append(s.Subjects, manifest.Subject{Name: o.Subject, Digest: manifest.Digest{SHA256: other}})
	}
}

// Whatever is fed to Verify, it does not panic, and what verifies once verifies
// again.
func FuzzVerify(f *testing.F) {
	s := signers(f)["Ed25519"]
	bundle := sign(f, s)
	f.Add(bundle)
	f.Add([]byte("{}"))
	f.Add(bytes.Replace(bundle, []byte("v0.3"), []byte("v0.2"), 1))
	f.Add([]byte(`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","dsseEnvelope":{"signatures":[null]}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := s.Verifier().Verify(b)
		if err != nil {
			return
		}
		if err := got.Statement.Validate(); err != nil {
			t.Errorf("verified, and not valid: %v", err)
		}
	})
}
