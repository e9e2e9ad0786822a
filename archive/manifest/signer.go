package manifest

import (
	"context"
	"crypto"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/dsse"
)

// PayloadType is the DSSE payload type of an in-toto statement.
const PayloadType = "application/vnd.in-toto+json"

// Signer signs manifests: with a key of one's own ([NewSigner], [LoadSigner],
// [LoadOrCreateKey]), one that a key management service holds ([OpenKMS]), or none
// (keyless.NewSigner). It is safe for concurrent use.
type Signer struct {
	seal     func(ctx context.Context, payload []byte) (bundle []byte, err error)
	stamping Stamping
	verifier *Verifier // trusts this signer alone

	pub   crypto.PublicKey // nil without a key
	keyID string
}

// NewSigner returns a signer over a private key in memory: *ecdsa.PrivateKey on
// P-256, ed25519.PrivateKey, or *rsa.PrivateKey of 2048 bits and more. Other keys
// are [ErrUnsupportedKey].
func NewSigner(key crypto.PrivateKey) (*Signer, error) {
	pub, err := publicOf(key)
	if err != nil {
		return nil, err
	}
	signer, err := signature.LoadSigner(key, crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("manifest: load private key: %w", err)
	}
	return newSigner(signer, pub)
}

// newSigner returns a signer over whatever signs for a public key.
func newSigner(signer signature.Signer, pub crypto.PublicKey) (*Signer, error) {
	verifier, err := NewVerifier(pub)
	if err != nil {
		return nil, err
	}
	id, err := KeyID(pub)
	if err != nil {
		return nil, err
	}
	k := keySealer{signer: dsse.WrapSigner(signer, PayloadType), keyID: id}
	return &Signer{seal: k.seal, pub: pub, keyID: id, verifier: verifier}, nil
}

// LoadSigner reads a private key from a PEM file: PKCS #8, or cosign's encrypted
// form. The password is asked for when the key is encrypted; nil is for keys that
// are not. A file without a private key is [ErrNoKey], another password than the key's
// [ErrWrongPassword].
func LoadSigner(path string, password Password) (*Signer, error) {
	pem, err := readKeyFile(path)
	if err != nil {
		return nil, fmt.Errorf("manifest: load private key: %w", err)
	}
	key, err := decodePrivate(pem, password)
	if err != nil {
		return nil, fmt.Errorf("manifest: load private key from %s: %w", path, err)
	}
	s, err := NewSigner(key)
	if err != nil {
		return nil, fmt.Errorf("%w (from %s)", err, path)
	}
	return s, nil
}

// decodePrivate decodes a private key, and tells what is wrong with the file from what is
// wrong with the password.
func decodePrivate(pem []byte, password Password) (crypto.PrivateKey, error) {
	pass, wrong := cryptoutils.SkipPassword, ErrNoKey
	if password != nil {
		pass = func(bool) ([]byte, error) {
			given, err := password()
			wrong = ErrWrongPassword
			if err != nil {
				wrong = err // nobody knows it
			}
			return given, err
		}
	}
	key, err := cryptoutils.UnmarshalPEMToPrivateKey(pem, pass)
	if err != nil && !errors.Is(err, wrong) {
		err = fmt.Errorf("%w: %w", wrong, err)
	}
	return key, err
}

// KeyID returns the SHA-256 of the public key's DER, in hex; empty for a signer
// without a key.
func (s *Signer) KeyID() string { return s.keyID }

// PublicKey returns the public key; nil for a signer without one.
func (s *Signer) PublicKey() crypto.PublicKey { return s.pub }

// PublicKeyPEM returns the public key as PEM: what verifiers, and auditors, need.
func (s *Signer) PublicKeyPEM() ([]byte, error) {
	if s.pub == nil {
		return nil, errors.New("manifest: the signer has no public key: its manifests carry certificates")
	}
	return cryptoutils.MarshalPublicKeyToPEM(s.pub)
}

// Verifier returns a verifier that trusts this signer alone. It does not look at
// timestamps.
func (s *Signer) Verifier() *Verifier { return s.verifier }

// Sign returns the bundle over a statement, after [Statement.Validate]. A key
// service is given 30 seconds and asked up to four times; Sign returns at once when
// ctx ends. One that does not sign is [ErrNoSignature]. A signature that does not verify is [ErrBadSignature]; too few
// timestamps are [ErrNoTimestamp].
func (s *Signer) Sign(ctx context.Context, statement Statement) ([]byte, error) {
	if s == nil || s.seal == nil {
		return nil, fmt.Errorf("manifest: sign: %w", ErrNoSigner)
	}
	if err := statement.Validate(); err != nil {
		return nil, err
	}
	payload, err := json.Marshal(statement)
	if err != nil {
		return nil, fmt.Errorf("manifest: encode statement: %w", err)
	}
	bundle, err := s.seal(ctx, payload)
	if err != nil {
		return nil, fmt.Errorf("manifest: sign: %w: %w", ErrNoSignature, err)
	}
	if bundle, err = s.stamp(ctx, bundle); err != nil {
		return nil, err
	}
	if len(bundle) > MaxBundleBytes {
		return nil, fmt.Errorf("manifest: the bundle takes %d bytes, the limit is %d: export fewer packets in a batch", len(bundle), MaxBundleBytes)
	}
	// A key service may have rotated the key behind its name since it was opened.
	if _, _, err := s.verifier.open(bundle); err != nil {
		return nil, fmt.Errorf("manifest: sign: what was signed does not verify; if the key was rotated, open it again: %w", err)
	}
	return bundle, nil
}
