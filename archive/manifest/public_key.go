package manifest

import (
	"fmt"

	"github.com/sigstore/sigstore/pkg/cryptoutils"
)

// PublicKeyPEM returns a trusted key, by the id that [Signatory] and a bundle name it
// by, as openssl and cosign read it. A key that is not trusted is [ErrUnknownKey].
func (v *Verifier) PublicKeyPEM(keyID string) ([]byte, error) {
	key, ok := v.keys[keyID]
	if !ok {
		return nil, fmt.Errorf("manifest: %w", &UnknownKeyError{Hint: keyID, Trusted: v.KeyIDs()})
	}
	pem, err := cryptoutils.MarshalPublicKeyToPEM(key.Key)
	if err != nil {
		return nil, fmt.Errorf("manifest: encode public key %s: %w", keyID, err)
	}
	return pem, nil
}
