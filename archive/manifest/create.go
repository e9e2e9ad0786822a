package manifest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sigstore/sigstore/pkg/cryptoutils"
)

// PublicSuffix is what the name of a public key's file adds to its private key's.
const PublicSuffix = ".pub"

// CreateKey makes a new ECDSA P-256 key and writes it to a file that must not
// exist yet: PKCS #8 PEM, readable by its owner alone. The public key goes beside
// it, under the same name with [PublicSuffix]. An existing key is never
// overwritten: that is an error that matches [fs.ErrExist].
func CreateKey(path string) (*Signer, error) {
	s, err := createKey(path)
	if err != nil {
		return nil, fmt.Errorf("manifest: create key: %w", err)
	}
	return s, nil
}

// LoadOrCreateKey loads the unencrypted key in a file, or makes it as
// [CreateKey] does. Processes that start at once agree on one key.
func LoadOrCreateKey(path string) (*Signer, error) {
	s, err := LoadSigner(path, nil)
	if errors.Is(err, fs.ErrNotExist) {
		s, err = CreateKey(path)
	}
	if errors.Is(err, fs.ErrExist) {
		s, err = LoadSigner(path, nil) // another process was first
	}
	if err != nil {
		return nil, err
	}
	if err := s.publish(path + PublicSuffix); err != nil {
		return nil, fmt.Errorf("manifest: write public key: %w", err)
	}
	return s, nil
}

func createKey(path string) (*Signer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	pem, err := cryptoutils.MarshalPrivateKeyToPEM(key)
	if err != nil {
		return nil, err
	}
	s, err := NewSigner(key)
	if err != nil {
		return nil, err
	}
	if err := createFile(path, pem, 0o600); err != nil {
		return nil, err
	}
	return s, s.publish(path + PublicSuffix)
}

// publish writes the public key, unless it is there already. Another key in its
// place is an error, for it would not verify what this one signs.
func (s *Signer) publish(path string) error {
	pem, err := s.PublicKeyPEM()
	if err != nil {
		return err
	}
	err = createFile(path, pem, 0o644)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	there, err := readKeyFile(path)
	if err != nil {
		return err
	}
	if pub, err := cryptoutils.UnmarshalPEMToPublicKey(there); err != nil || cryptoutils.EqualKeys(pub, s.pub) != nil {
		return fmt.Errorf("%s is not the public half of the private key beside it; move it away", path)
	}
	return nil
}

// createFile writes a file that must not exist yet, all of it or nothing.
func createFile(path string, content []byte, mode os.FileMode) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".holdfast-key-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	_, err = bytes.NewReader(content).WriteTo(f)
	if err := errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Link(f.Name(), path)
}
