package manifest_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

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
	for name, empty := range map[string]manifest.Trust{"no keys": {}, "owners without keys": trust, "owners alone": {Owners: trust.Owners}} {
		if _, err := empty.NewVerifier(); !errors.Is(err, manifest.ErrNoTrustedKeys) {
			t.Errorf("%s: %v", name, err)
		}
	}
	nameless := manifest.Trust{Keys: []manifest.TrustedKey{{Key: team.PublicKey()}}, Owners: []string{""}}
	if _, err := nameless.NewVerifier(); !errors.Is(err, manifest.ErrNotOwner) {
		t.Errorf("an owner without a name: %v", err)
	}
	never := manifest.Trust{Keys: []manifest.TrustedKey{{Key: ops.PublicKey(), From: now, Until: now}}}
	if _, err := never.NewVerifier(); err == nil {
		t.Error("a key that is never in use was taken")
	}
}
