package manifest

import (
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
	// rotate a key out, or to the last time it was surely its owner's to revoke it;
	// what was exported before stays verifiable.
	From, Until time.Time
}

// Trust says whose manifests count.
type Trust struct {
	Keys []TrustedKey

	// Owners are those who may own integrity: release ops or the platform, not the
	// team whose feature is promoted. A manifest signed by the key of anybody else
	// is refused by name. Empty leaves it to Keys.
	Owners []string
}

// NewVerifier returns a verifier that trusts no more than t says. No keys at all,
// or none that an owner in Owners holds, is [ErrNoTrustedKeys].
func (t Trust) NewVerifier() (*Verifier, error) {
	v := &Verifier{keys: map[string]trusted{}, owners: slices.Clone(t.Owners)}
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
	if usable == 0 {
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

// admit refuses the key of somebody who may not own integrity.
func (v *Verifier) admit(k trusted) error {
	if v.owns(k.Owner) {
		return nil
	}
	return fmt.Errorf("manifest: %w: key %s is that of %.80q; those who may are %s", ErrNotOwner, k.id, k.Owner, strings.Join(v.owners, ", "))
}

// ValidAt checks that a trusted key was in use at a time. The error is a
// [KeyWindowError], or matches [ErrUnknownKey].
func (v *Verifier) ValidAt(keyID string, at time.Time) error {
	k, ok := v.keys[keyID]
	if !ok {
		return fmt.Errorf("manifest: %w", &UnknownKeyError{Hint: keyID, Trusted: v.KeyIDs()})
	}
	if at.Before(k.From) || !k.Until.IsZero() && !at.Before(k.Until) {
		return fmt.Errorf("manifest: %w", &KeyWindowError{KeyID: keyID, Owner: k.Owner, From: k.From, Until: k.Until, At: at})
	}
	return nil
}
