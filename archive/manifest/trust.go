package manifest

import (
	"cmp"
	"crypto"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sigstore/sigstore/pkg/signature"
)

// TrustedKey is a public key whose manifests count, and when.
type TrustedKey struct {
	Key   crypto.PublicKey
	Owner string // who signs with it, such as release-ops

	// From and Until bound when the key was in use: a manifest exported before the
	// one, or at or after the other, does not count. Zero is no bound. Set Until to
	// rotate a key out, later than its last export was logged, or to the last time it
	// was surely its owner's to revoke it; what was exported before stays verifiable.
	From, Until time.Time
}

// Trust says whose manifests count.
type Trust struct {
	Keys []TrustedKey

	// Owners are those who may own integrity: release ops or the platform, not the
	// team whose feature is promoted. A manifest signed by the key of anybody else
	// is refused by name. Empty leaves it to Keys and Identities.
	Owners []string

	Identities IdentityVerifier // nil trusts no certificate

	// Timestamps verifies the timestamps in bundles; nil does not look at them.
	// Every timestamp there is must then hold, and RequireTimestamps is of how many
	// authorities there must be some.
	Timestamps        TimeVerifier
	RequireTimestamps int

	// ClockSkew is how far exported_at_utc may lie after a timestamp of the
	// signature; zero is five minutes.
	ClockSkew time.Duration
}

const defaultSkew = 5 * time.Minute

// NewVerifier returns a verifier that trusts no more than t says. Nobody at all,
// or no keys but those of others than Owners, is [ErrNoTrustedKeys].
func (t Trust) NewVerifier() (*Verifier, error) {
	if t.RequireTimestamps > 0 && t.Timestamps == nil {
		return nil, fmt.Errorf("manifest: %w: timestamps are required, and Trust.Timestamps does not say whose", ErrNoTimestamp)
	}
	v := &Verifier{keys: map[string]trusted{}, owners: slices.Clone(t.Owners), identities: t.Identities,
		time: t.Timestamps, required: t.RequireTimestamps, skew: cmp.Or(t.ClockSkew, defaultSkew)}
	if slices.Contains(t.Owners, "") {
		return nil, fmt.Errorf("manifest: %w: one of Trust.Owners is empty, and would let in every key without an owner", ErrNotOwner)
	}
	usable := 0
	for _, k := range t.Keys {
		if !k.Until.IsZero() && !k.From.Before(k.Until) {
			return nil, fmt.Errorf("manifest: the key of %.80q is trusted from %s until %s, which is never", k.Owner, k.From, k.Until)
		}
		verifier, id, err := newVerifier(k.Key)
		if err != nil {
			return nil, err
		}
		if other, ok := v.keys[id]; ok && (other.Owner != k.Owner || !other.From.Equal(k.From) || !other.Until.Equal(k.Until)) {
			return nil, fmt.Errorf("manifest: key %s is given twice, with different owners or times", id)
		}
		v.keys[id] = trusted{TrustedKey: k, id: id, verifier: verifier}
		if v.owns(k.Owner) {
			usable++
		}
	}
	if usable == 0 && t.Identities == nil {
		return nil, fmt.Errorf("manifest: %w", ErrNoTrustedKeys)
	}
	return v, nil
}

// trusted is a key as a verifier uses it.
type trusted struct {
	TrustedKey
	id       string
	verifier signature.Verifier
}

func (v *Verifier) owns(owner string) bool {
	return len(v.owners) == 0 || slices.Contains(v.owners, owner)
}

// admit refuses somebody who may not own integrity.
func (v *Verifier) admit(by Signatory) error {
	if v.owns(by.Owner) {
		return nil
	}
	return fmt.Errorf("manifest: %w: it is signed by %s; those who may are %s", ErrNotOwner, by, strings.Join(v.owners, ", "))
}

func (k trusted) signatory() Signatory {
	return Signatory{KeyID: k.id, Owner: k.Owner, From: k.From, Until: k.Until}
}
