package manifest_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/kms"
	"github.com/sigstore/sigstore/pkg/signature/kms/fake"

	"github.com/holdfast-archive/holdfast/archive/manifest"
)

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newKeySigner(t testing.TB) *manifest.Signer {
	t.Helper()
	s, err := manifest.NewSigner(newKey(t))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// signedAt is a bundle over the sample statement, exported at a time.
func signedAt(t *testing.T, s *manifest.Signer, at time.Time) []byte {
	t.Helper()
	s1 := statement(t)
	s1.Predicate.ExportedAtUTC = at
	bundle, err := s.Sign(t.Context(), s1)
	if err != nil {
		t.Fatal(err)
	}
	return bundle
}

func TestKeysCountForTheirTime(t *testing.T) {
	rotated := time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)
	old, new := newKeySigner(t), newKeySigner(t)
	v, err := manifest.Trust{Keys: []manifest.TrustedKey{
		{Key: old.PublicKey(), Owner: "release-ops", Until: rotated},
		{Key: new.PublicKey(), Owner: "release-ops", From: rotated},
	}}.NewVerifier()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		signer *manifest.Signer
		at     time.Time
		counts bool
	}{
		{"old before", old, rotated.Add(-time.Second), true}, {"old at", old, rotated, false}, {"old after", old, rotated.Add(time.Hour), false},
		{"new before", new, rotated.Add(-time.Second), false}, {"new at", new, rotated, true}, {"new after", new, rotated.Add(time.Hour), true},
	} {
		got, err := v.Verify(signedAt(t, c.signer, c.at))
		var window *manifest.KeyWindowError
		if c.counts && (err != nil || got.SignedBy.Owner != "release-ops") || !c.counts && (!errors.As(err, &window) || !errors.Is(err, manifest.ErrKeyNotInUse) || window.KeyID != c.signer.KeyID()) {
			t.Errorf("%s: %+v, %v", c.name, got.SignedBy.Owner, err)
		}
	}
}

func TestOnlyOwnersOwnIntegrity(t *testing.T) {
	ops, team, stranger := newKeySigner(t), newKeySigner(t), newKeySigner(t)
	trust := manifest.Trust{
		Keys:   []manifest.TrustedKey{{Key: ops.PublicKey(), Owner: "release-ops"}, {Key: team.PublicKey(), Owner: "checkout-team"}},
		Owners: []string{"release-ops", "platform"},
	}
	v, err := trust.NewVerifier()
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	if got, err := v.Verify(signedAt(t, ops, now)); err != nil || got.SignedBy.Owner != "release-ops" {
		t.Errorf("the owner: %v", err)
	}
	if _, err := v.Verify(signedAt(t, team, now)); !errors.Is(err, manifest.ErrNotOwner) || !strings.Contains(err.Error(), "checkout-team") || !strings.Contains(err.Error(), "platform") {
		t.Errorf("the feature team: %v", err)
	}
	if _, err := v.Verify(signedAt(t, stranger, now)); !errors.Is(err, manifest.ErrUnknownKey) {
		t.Errorf("a stranger: %v", err)
	}
	trust.Owners = []string{"nobody"}
	for name, empty := range map[string]manifest.Trust{"no keys": {}, "owners without keys": trust} {
		if _, err := empty.NewVerifier(); !errors.Is(err, manifest.ErrNoTrustedKeys) {
			t.Errorf("%s: %v", name, err)
		}
	}
	never := manifest.Trust{Keys: []manifest.TrustedKey{{Key: ops.PublicKey(), From: now, Until: now}}}
	if _, err := never.NewVerifier(); err == nil {
		t.Error("a key that is never in use was taken")
	}
}

func TestOpenKMS(t *testing.T) {
	ctx := context.WithValue(t.Context(), fake.KmsCtxKey{}, crypto.PrivateKey(newKey(t)))
	s, err := manifest.OpenKMS(ctx, "fakekms://release")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Verifier().Verify(signedAt(t, s, time.Now())); err != nil {
		t.Error(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ctx = context.WithValue(t.Context(), fake.KmsCtxKey{}, crypto.PrivateKey(p384))
	if _, err := manifest.OpenKMS(ctx, "fakekms://release"); !errors.Is(err, manifest.ErrUnsupportedKey) {
		t.Errorf("a P-384 key in a KMS: %v", err)
	}
	for uri, hint := range map[string]string{
		"awskms:///alias/release": "kms/aws", "gcpkms://projects/p": "kms/gcp", "azurekms://v/k": "kms/azure", "hashivault://k": "kms/hashivault",
		"rm://-rf": "awskms://", "": "awskms://", "sigstore-kms-x://y": "awskms://",
	} {
		if _, err := manifest.OpenKMS(t.Context(), uri); !errors.Is(err, manifest.ErrUnknownKMS) || !strings.Contains(err.Error(), hint) {
			t.Errorf("%q: %v", uri, err)
		}
	}
}

// A key service that throttles is asked again; one that does not answer is given
// up when the caller is; one that signs with another key is caught.
func TestKMSThatMisbehaves(t *testing.T) {
	key := newKey(t)
	healthy, err := signature.LoadECDSASignerVerifier(key, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	other, err := signature.LoadECDSASignerVerifier(newKey(t), crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	open := func(sv signature.SignerVerifier) *manifest.Signer {
		kms.AddProvider("oddkms://", func(context.Context, string, crypto.Hash, ...signature.RPCOption) (kms.SignerVerifier, error) {
			return fakeKMS{SignerVerifier: sv}, nil
		})
		s, err := manifest.OpenKMS(t.Context(), "oddkms://k")
		if err != nil {
			t.Fatal(err)
		}
		return s
	}

	throttled := &faultySigner{SignerVerifier: healthy, fail: 2}
	if _, err := open(throttled).Sign(t.Context(), statement(t)); err != nil || throttled.calls != 3 {
		t.Errorf("throttled: %d calls, %v", throttled.calls, err)
	}
	broken := &faultySigner{SignerVerifier: healthy, fail: 1000}
	if _, err := open(broken).Sign(t.Context(), statement(t)); err == nil || broken.calls != 4 {
		t.Errorf("broken: %d calls, %v", broken.calls, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	started := time.Now()
	if _, err := open(&faultySigner{SignerVerifier: healthy, hang: true}).Sign(ctx, statement(t)); !errors.Is(err, context.DeadlineExceeded) || time.Since(started) > 5*time.Second {
		t.Errorf("hanging: %v after %s", err, time.Since(started))
	}
	if _, err := open(&faultySigner{SignerVerifier: healthy, signs: other}).Sign(t.Context(), statement(t)); !errors.Is(err, manifest.ErrBadSignature) {
		t.Errorf("rotated behind its name: %v", err)
	}
}
