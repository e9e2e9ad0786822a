package manifest

import (
	"bytes"
	"crypto"
	"fmt"
	"maps"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
)

// Verifier verifies manifests against the public keys that are trusted: the one
// in use, and those that were before it. It is safe for concurrent use.
type Verifier struct {
	keys   map[string]trusted // by key id
	owners []string           // who may own integrity; empty is the owner of any key
}

// Verified is a manifest whose signature holds.
type Verified struct {
	Statement Statement
	KeyID     string // of the key that signed it
	Owner     string // of that key, as [Trust] names it
}

// NewVerifier returns a verifier that trusts the given public keys, whoever's and
// whenever: see [Trust] for more. No keys is [ErrNoTrustedKeys], a key of another
// kind than the package doc names [ErrUnsupportedKey].
func NewVerifier(keys ...crypto.PublicKey) (*Verifier, error) {
	var t Trust
	for _, pub := range keys {
		t.Keys = append(t.Keys, TrustedKey{Key: pub})
	}
	return t.NewVerifier()
}

// LoadVerifier reads the trusted public keys from PEM files, one key each.
func LoadVerifier(paths ...string) (*Verifier, error) {
	var keys []crypto.PublicKey
	for _, path := range paths {
		pub, err := LoadPublicKey(path)
		if err != nil {
			return nil, err
		}
		keys = append(keys, pub)
	}
	return NewVerifier(keys...)
}

// LoadPublicKey reads a public key from a PEM file.
func LoadPublicKey(path string) (crypto.PublicKey, error) {
	pem, err := readKeyFile(path)
	if err != nil {
		return nil, fmt.Errorf("manifest: load public key: %w", err)
	}
	pub, err := cryptoutils.UnmarshalPEMToPublicKey(pem)
	if err != nil {
		return nil, fmt.Errorf("manifest: load public key from %s: %w", path, err)
	}
	return pub, nil
}

// KeyIDs returns the ids of the trusted keys, sorted.
func (v *Verifier) KeyIDs() []string { return slices.Sorted(maps.Keys(v.keys)) }

// Verify checks a bundle: its form ([ErrMalformed]), that a trusted key is named
// as its signer ([ErrUnknownKey]) by somebody who may own integrity
// ([ErrNotOwner]), the signature ([ErrBadSignature]), the statement
// ([Statement.Validate]), and that the key was in use at its exported_at_utc
// ([ErrKeyNotInUse]). Nothing of the statement is looked at before its signature
// holds.
//
// exported_at_utc is the signer's own word. Whoever has an old key can date a
// manifest back; the log, which only grows, shows when it was really added: check
// [Verifier.ValidAt] with the time of the row before, as archive.Confirm does.
func (v *Verifier) Verify(bundle []byte) (Verified, error) {
	signed, err := decodeBundle(bundle)
	if err != nil {
		return Verified{}, err
	}
	key, ok := v.keys[signed.hint]
	if !ok {
		return Verified{}, fmt.Errorf("manifest: %w", &UnknownKeyError{Hint: signed.hint, Trusted: v.KeyIDs()})
	}
	if err := v.admit(key); err != nil {
		return Verified{}, err
	}
	pae := dsse.PAE(PayloadType, signed.payload)
	if err := key.verifier.VerifySignature(bytes.NewReader(signed.signature), bytes.NewReader(pae)); err != nil {
		return Verified{}, fmt.Errorf("manifest: %w of key %s: the statement was changed, or was never signed by it: %w", ErrBadSignature, signed.hint, err)
	}
	var s Statement
	if err := json.Unmarshal(signed.payload, &s); err != nil {
		return Verified{}, malformed("not a statement: %v", err)
	}
	if err := s.Validate(); err != nil {
		return Verified{}, err
	}
	if err := v.ValidAt(key.id, s.Predicate.ExportedAtUTC); err != nil {
		return Verified{}, err
	}
	return Verified{Statement: s, KeyID: key.id, Owner: key.Owner}, nil
}
