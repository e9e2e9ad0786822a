package archive_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// A key service that fails leaves no manifest and no row, and the packet where
// it is for the next run.
func TestAKeyThatFails(t *testing.T) {
	bucket, cfg := memworm.New(), config(t)
	working := cfg.Signer
	cfg.Signer = manifest.NewSealingSigner(deadKey{})
	cfg.Verifier = working.Verifier()
	if _, err := over(t, bucket, cfg).Export(t.Context(), packet(t, "pp-1").With(exhibit("scorecard.pdf", "green"))); !errors.Is(err, errDead) {
		t.Fatalf("%v", err)
	}
	left := keys(t, bucket)
	if len(left) != 2 || !strings.HasPrefix(left[0], "packets/pp-1/") || !strings.HasPrefix(left[1], "packets/pp-1/") {
		t.Fatalf("it left %v", left)
	}
	cfg.Signer = working
	a := over(t, bucket, cfg)
	r, err := a.Export(t.Context(), packet(t, "pp-1").With(exhibit("scorecard.pdf", "green")))
	if err != nil || r.ExportRowID != 1 || r.AlreadyExported {
		t.Fatalf("%+v, %v", r, err)
	}
	if _, err := a.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	for _, key := range left {
		versions := 0
		for e, err := range bucket.List(t.Context(), key) {
			if err != nil {
				t.Fatal(err)
			}
			if e.Ref.Key == key {
				versions++
			}
		}
		if versions != 1 {
			t.Errorf("%s has %d versions", key, versions)
		}
	}
}

var errDead = errors.New("the key service is down")

// deadKey is a key service that is down.
type deadKey struct{}

func (deadKey) Seal(context.Context, []byte) ([]byte, error) { return nil, errDead }

func (deadKey) VerifyIdentity([]byte) (manifest.Signatory, error) {
	return manifest.Signatory{}, errDead
}

// A signer that the archive's own trust refuses exports nothing: what is left is the
// packet, for a run with the right key.
func TestSignerThatIsNotTrusted(t *testing.T) {
	team, ops := newSigner(t), newSigner(t)
	key := func(s *manifest.Signer, owner string, until time.Time) manifest.TrustedKey {
		return manifest.TrustedKey{Key: s.PublicKey(), Owner: owner, Until: until}
	}
	for name, c := range map[string]struct {
		keys []manifest.TrustedKey
		want error
	}{
		"the feature team": {[]manifest.TrustedKey{key(ops, "release-ops", time.Time{}), key(team, "checkout-team", time.Time{})}, manifest.ErrNotOwner},
		"a stranger":       {[]manifest.TrustedKey{key(ops, "release-ops", time.Time{})}, manifest.ErrUnknownKey},
		"rotated out":      {[]manifest.TrustedKey{key(ops, "release-ops", time.Time{}), key(team, "release-ops", noon)}, manifest.ErrKeyNotInUse},
	} {
		trust, err := manifest.Trust{Keys: c.keys, Owners: []string{"release-ops"}}.NewVerifier()
		if err != nil {
			t.Fatal(err)
		}
		bucket, cfg := memworm.New(), config(t)
		cfg.Signer, cfg.Verifier = team, trust
		a := over(t, bucket, cfg)
		if _, err := a.Export(t.Context(), packet(t, "pp-1")); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if left := keys(t, bucket); len(left) != 1 || !strings.HasPrefix(left[0], "packets/pp-1/") {
			t.Errorf("%s: it left %v", name, left)
		}
		cfg.Signer = ops
		if r, err := over(t, bucket, cfg).Export(t.Context(), packet(t, "pp-1")); err != nil || r.ExportRowID != 1 {
			t.Errorf("%s, then the right key: row %d, %v", name, r.ExportRowID, err)
		}
	}
}

// An empty signer is refused before a manifest or a row is written.
func TestEmptySigner(t *testing.T) {
	bucket, cfg := memworm.New(), config(t)
	cfg.Signer = &manifest.Signer{}
	if _, err := over(t, bucket, cfg).Export(t.Context(), packet(t, "pp-1")); !errors.Is(err, manifest.ErrNoSigner) {
		t.Errorf("%v", err)
	}
	for _, key := range keys(t, bucket) {
		if !strings.HasPrefix(key, "packets/") {
			t.Errorf("it left %s", key)
		}
	}
}
