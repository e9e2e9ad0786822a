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
	"github.com/sigstore/sigstore/pkg/signature"
)

// Verifier verifies manifests against the public keys that are trusted: the one
// in use, and those that were before it. It is safe for concurrent use.
type Verifier struct {
	keys map[string]signature.Verifier // by key id
}

// Verified is a manifest whose signature holds.
type Verified struct {
	Statement Statement
	KeyID     string // of the key that signed it
}

// NewVerifier returns a verifier that trusts the given public keys. No keys is
// [ErrNoTrustedKeys], a key of another kind than the package doc names
// [ErrUnsupportedKey].
func NewVerifier(keys ...crypto.PublicKey) (*Verifier, error) {
	if len(keys) == 0 {
		return nil, fmt.Errorf("manifest: %w", ErrNoTrustedKeys)
	}
	v := &Verifier{keys: map[string]signature.Verifier{}}
	for _, pub := range keys {
		verifier, id, err := newVerifier(pub)
		if err != nil {
			return nil, err
		}
		v.keys[id] = verifier
	}
	return v, nil
}

// LoadVerifier reads the trusted public keys from PEM files, one key each.
func LoadVerifier(paths ...string) (*Verifier, error) {
	var keys []crypto.PublicKey
	for _, path := range paths {
		pem, err := readKeyFile(path)
		if err != nil {
			return nil, fmt.Errorf("manifest: load public key: %w", err)
		}
		pub, err := cryptoutils.UnmarshalPEMToPublicKey(pem)
		if err != nil {
			return nil, fmt.Errorf("manifest: load public key from %s: %w", path, err)
		}
		keys = append(keys, pub)
	}
	return NewVerifier(keys...)
}

// KeyIDs returns the ids of the trusted keys, sorted.
func (v *Verifier) KeyIDs() []string { return slices.Sorted(maps.Keys(v.keys)) }

// Verify checks a bundle: its form ([ErrMalformed]), that a trusted key is named
// as its signer ([ErrUnknownKey]), the signature ([ErrBadSignature]), and the
// statement ([Statement.Validate]). Nothing of the statement is looked at before
// its signature holds.
func (v *Verifier) Verify(bundle []byte) (Verified, error) {
	signed, err := decodeBundle(bundle)
	if err != nil {
		return Verified{}, err
	}
	key, ok := v.keys[signed.hint]
	if !ok {
		return Verified{}, fmt.Errorf("manifest: %w", &UnknownKeyError{Hint: signed.hint, Trusted: v.KeyIDs()})
	}
	pae := dsse.PAE(PayloadType, signed.payload)
	if err := key.VerifySignature(bytes.NewReader(signed.signature), bytes.NewReader(pae)); err != nil {
		return Verified{}, fmt.Errorf("manifest: %w of key %s: the statement was changed, or was never signed by it: %w", ErrBadSignature, signed.hint, err)
	}
	var s Statement
	if err := json.Unmarshal(signed.payload, &s); err != nil {
		return Verified{}, malformed("not a statement: %v", err)
	}
	if err := s.Validate(); err != nil {
		return Verified{}, err
	}
	return Verified{Statement: s, KeyID: signed.hint}, nil
}
