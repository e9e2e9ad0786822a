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

// supported refuses a public key that some documented verifier cannot use.
func supported(pub crypto.PublicKey) error {
	switch k := pub.(type) {
	case *ecdsa.PublicKey:
		if k.Curve != elliptic.P256() {
			return fmt.Errorf("manifest: %w: this is ECDSA %s", ErrUnsupportedKey, k.Curve.Params().Name)
		}
	case ed25519.PublicKey:
	case *rsa.PublicKey:
		if k.N.BitLen() < 2048 {
			return fmt.Errorf("manifest: %w: this is RSA of %d bits", ErrUnsupportedKey, k.N.BitLen())
		}
	default:
		return fmt.Errorf("manifest: %w: this is a %T", ErrUnsupportedKey, pub)
	}
	return nil
}

// keyID returns the SHA-256 of a public key's DER, in hex.
func keyID(pub crypto.PublicKey) (string, error) {
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
	if err := supported(pub); err != nil {
		return nil, "", err
	}
	id, err := keyID(pub)
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
