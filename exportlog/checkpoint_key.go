package exportlog

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"strings"
)

// CheckpointKey returns [Config.Checkpoints], nil if there is none.
func (l *Log) CheckpointKey() *CheckpointKey { return l.cfg.Checkpoints }

// CanSign reports whether the key has its private half. No key, nil, has not.
func (k *CheckpointKey) CanSign() bool { return k != nil && k.signer != nil }

// Public returns the public key as [NewCheckpointKey] was given it: the log's origin,
// the key's hash and the key, with plus signs between them, as C2SP signed-note
// has it. It is no secret.
func (k *CheckpointKey) Public() string { return k.public }

// PublicPEM returns the public key as openssl reads it, without the origin.
func (k *CheckpointKey) PublicPEM() ([]byte, error) {
	parts := strings.SplitN(k.public, "+", 3) // a key's base64 may have a plus
	raw, err := base64.StdEncoding.DecodeString(parts[len(parts)-1])
	if err != nil || len(raw) != 1+ed25519.PublicKeySize {
		return nil, fmt.Errorf("exportlog: the public key for checkpoints is not an Ed25519 key: %w", err)
	}
	der, err := x509.MarshalPKIXPublicKey(ed25519.PublicKey(raw[1:]))
	if err != nil {
		return nil, fmt.Errorf("exportlog: the public key for checkpoints: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}
