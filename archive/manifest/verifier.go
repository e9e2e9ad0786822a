package manifest

import (
	"bytes"
	"crypto"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
)

// Verifier verifies manifests against the public keys that are trusted: the one
// in use, and those that were before it. It is safe for concurrent use.
type Verifier struct {
	keys       map[string]trusted // by key id
	owners     []string           // who may own integrity; empty is anybody who is trusted
	identities IdentityVerifier
	time       TimeVerifier
	required   int           // authorities whose timestamps there must be
	skew       time.Duration // that exported_at_utc may lie after a timestamp
}

// Verified is a manifest whose signature holds.
type Verified struct {
	Statement  Statement
	SignedBy   Signatory
	Timestamps []Timestamp // those that were verified
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

// LoadPublicKey reads a public key from a PEM file (SubjectPublicKeyInfo), such as the one
// that [CreateKey] writes. Whether manifests can be signed with a key of its kind, those who
// trust it find out.
func LoadPublicKey(path string) (crypto.PublicKey, error) {
	pem, err := readKeyFile(path)
	if err != nil {
		return nil, fmt.Errorf("manifest: load public key: %w", err)
	}
	pub, err := cryptoutils.UnmarshalPEMToPublicKey(pem)
	if err != nil {
		return nil, fmt.Errorf("manifest: load public key from %s: %w: %w", path, ErrNoKey, err)
	}
	return pub, nil
}

// KeyIDs returns the ids of the trusted keys, sorted.
func (v *Verifier) KeyIDs() []string {
	if v == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(v.keys))
}

// Verify checks a bundle: its form ([ErrMalformed], and with it [ErrTooLarge],
// [ErrTruncated], [ErrDuplicateName], [ErrUnsigned] or [ErrUnknownAlgorithm]), that somebody signed it who is
// trusted ([ErrUnknownKey], [ErrUnknownIdentity]) and may own integrity
// ([ErrNotOwner]), the signature ([ErrBadSignature]), its timestamps
// ([ErrUntrustedTime], [ErrNoTimestamp]), the statement ([Statement.Validate]), and
// that the key was in use at its exported_at_utc and at each timestamp
// ([ErrKeyNotInUse], [ErrClockSkew]). Nothing of the statement is looked at before
// its signature holds. An empty Verifier trusts nobody ([ErrNoTrustedKeys]).
//
// A manifest that verifies says nothing of a file until the file's digest was found
// in it, by [Verified.Find], and is the manifest of an export only if it has the
// row's content_integrity_reference: see [Verifier.VerifyReference].
//
// exported_at_utc is the signer's own word. Whoever has an old key can date a
// manifest back, unless timestamps are required; the log, which only grows, shows
// when it was really added: check [Signatory.ValidAt] with the time of the row
// before, as archive.Confirm does.
func (v *Verifier) Verify(bundle []byte) (Verified, error) {
	signed, by, err := v.open(bundle)
	if err != nil {
		return Verified{}, err
	}
	stamps, err := v.timestamps(signed)
	if err != nil {
		return Verified{}, err
	}
	if err := wellFormed(signed.payload); err != nil {
		return Verified{}, fmt.Errorf("%w (in the statement)", err)
	}
	var s Statement
	if err := json.Unmarshal(signed.payload, &s); err != nil {
		return Verified{}, malformed("not a statement: %v", err)
	}
	if err := s.Validate(); err != nil {
		return Verified{}, err
	}
	if err := v.inTime(s.Predicate.ExportedAtUTC, by, stamps); err != nil {
		return Verified{}, err
	}
	return Verified{Statement: s, SignedBy: by, Timestamps: stamps}, nil
}

// open checks who signed a bundle, and that they did.
func (v *Verifier) open(bundle []byte) (signedPayload, Signatory, error) {
	if v == nil {
		return signedPayload{}, Signatory{}, fmt.Errorf("manifest: %w", ErrNoTrustedKeys)
	}
	signed, err := decodeBundle(bundle)
	if err != nil {
		return signedPayload{}, Signatory{}, err
	}
	by, err := v.signatory(bundle, signed)
	if err != nil {
		return signedPayload{}, Signatory{}, err
	}
	return signed, by, v.admit(by)
}

func (v *Verifier) signatory(bundle []byte, signed signedPayload) (Signatory, error) {
	if signed.certified && v.identities == nil {
		return Signatory{}, fmt.Errorf("manifest: %w: it carries a certificate, and only keys are trusted", ErrUnknownIdentity)
	}
	if signed.certified {
		return v.identities.VerifyIdentity(bundle)
	}
	if len(v.keys) == 0 && v.identities == nil {
		return Signatory{}, fmt.Errorf("manifest: %w", ErrNoTrustedKeys)
	}
	key, ok := v.keys[signed.hint]
	if !ok {
		return Signatory{}, fmt.Errorf("manifest: %w", &UnknownKeyError{Hint: signed.hint, Trusted: v.KeyIDs()})
	}
	pae := dsse.PAE(PayloadType, signed.payload)
	if err := key.verifier.VerifySignature(bytes.NewReader(signed.signature), bytes.NewReader(pae)); err != nil {
		return Signatory{}, fmt.Errorf("manifest: %w of key %s: the statement was changed, or was never signed by it: %w", ErrBadSignature, signed.hint, err)
	}
	return key.signatory(), nil
}
