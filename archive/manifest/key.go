package manifest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"

	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
)

// maxKeyBytes bounds a key file.
const maxKeyBytes = 64 << 10

// supported refuses a public key that some documented verifier cannot use, or none.
func supported(pub crypto.PublicKey) error {
	switch k := pub.(type) {
	case *ecdsa.PublicKey:
		//lint:ignore SA1019 every other way to ask panics where there is no point
		if k == nil || k.Curve == nil || k.X == nil || k.Y == nil {
			return unsupported("an ECDSA key that is empty")
		}
		if k.Curve != elliptic.P256() {
			return unsupported("ECDSA %s", k.Curve.Params().Name)
		}
		if _, err := k.Bytes(); err != nil {
			return unsupported("ECDSA P-256: %v", err)
		}
	case ed25519.PublicKey:
		if len(k) != ed25519.PublicKeySize {
			return unsupported("an Ed25519 key of %d bytes", len(k))
		}
	case *rsa.PublicKey:
		if k == nil || k.N == nil {
			return unsupported("an RSA key that is empty")
		}
		if k.N.BitLen() < 2048 {
			return unsupported("RSA of %d bits", k.N.BitLen())
		}
	default:
		return unsupported("a %T", pub)
	}
	return nil
}

// publicOf returns the public half of a private key of a supported kind.
func publicOf(key crypto.PrivateKey) (crypto.PublicKey, error) {
	switch k := key.(type) {
	case *ecdsa.PrivateKey:
		//lint:ignore SA1019 every other way to ask panics where there is no number
		if k == nil || k.D == nil {
			return nil, unsupported("an ECDSA key that is empty")
		}
		return &k.PublicKey, supported(&k.PublicKey)
	case *rsa.PrivateKey:
		if k == nil || k.D == nil {
			return nil, unsupported("an RSA key that is empty")
		}
		return &k.PublicKey, supported(&k.PublicKey)
	case ed25519.PrivateKey:
		if len(k) != ed25519.PrivateKeySize {
			return nil, unsupported("an Ed25519 key of %d bytes", len(k))
		}
		return k.Public(), nil
	}
	return nil, unsupported("a %T", key)
}

func unsupported(format string, args ...any) error {
	return fmt.Errorf("manifest: %w: this is %s", ErrUnsupportedKey, fmt.Sprintf(format, args...))
}

// KeyID returns the id by which manifests name a public key: the SHA-256 of its DER
// (SubjectPublicKeyInfo, RFC 5280), in hex. A key that no manifest is signed with is
// [ErrUnsupportedKey].
func KeyID(pub crypto.PublicKey) (string, error) {
	if err := supported(pub); err != nil {
		return "", err
	}
	der, err := cryptoutils.MarshalPublicKeyToDER(pub)
	if err != nil {
		return "", fmt.Errorf("manifest: encode public key: %w", err)
	}
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:]), nil
}

// newVerifier returns sigstore's verifier for a key of a supported kind: SHA-256,
// and PKCS #1 v1.5 for RSA.
func newVerifier(pub crypto.PublicKey) (signature.Verifier, string, error) {
	id, err := KeyID(pub)
	if err != nil {
		return nil, "", err
	}
	v, err := signature.LoadVerifier(pub, crypto.SHA256)
	return v, id, err
}

func readKeyFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxKeyBytes {
		return nil, fmt.Errorf("%s takes %d bytes, a key file at most %d", path, info.Size(), maxKeyBytes)
	}
	return os.ReadFile(path)
}
