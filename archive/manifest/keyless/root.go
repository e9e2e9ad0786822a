package keyless

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"os"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore/pkg/cryptoutils"

	"github.com/holdfast-archive/holdfast/archive/manifest"
)

// maxRootBytes bounds a file of trusted certificates.
const maxRootBytes = 4 << 20

// Root is what is trusted: certificate authorities, transparency logs and
// timestamp authorities. It verifies timestamps, as a [manifest.TimeVerifier].
type Root struct {
	material root.TrustedMaterial
}

// NewRoot returns a root over what sigstore-go trusts.
func NewRoot(material root.TrustedMaterial) Root { return Root{material: material} }

// LoadRoot reads a Sigstore trusted root, trusted_root.json, as the repository of a
// Sigstore instance distributes it and cosign trusted-root create makes it.
func LoadRoot(path string) (Root, error) {
	content, err := readBounded(path)
	if err != nil {
		return Root{}, fmt.Errorf("keyless: load trusted root: %w", err)
	}
	material, err := root.NewTrustedRootFromJSON(content)
	if err != nil {
		return Root{}, fmt.Errorf("keyless: load trusted root from %s: %w", path, err)
	}
	return Root{material: material}, nil
}

// LoadAuthorities reads the chains of timestamp authorities, one PEM file each:
// the authority's own certificate first, its root last. An authority is called by
// the common name of its certificate, or by its file's name if it has none.
func LoadAuthorities(paths ...string) (manifest.TimeVerifier, error) {
	if len(paths) == 0 {
		return nil, fmt.Errorf("keyless: load timestamp authorities: no files were given")
	}
	var all []root.TimestampingAuthority
	for _, path := range paths {
		authority, err := loadAuthority(path)
		if err != nil {
			return nil, fmt.Errorf("keyless: load timestamp authority from %s: %w", path, err)
		}
		all = append(all, authority)
	}
	return NewRoot(&authorities{authorities: all}), nil
}

func loadAuthority(path string) (root.TimestampingAuthority, error) {
	pem, err := readBounded(path)
	if err != nil {
		return nil, err
	}
	chain, err := cryptoutils.LoadCertificatesFromPEM(bytes.NewReader(pem))
	if err != nil {
		return nil, err
	}
	if len(chain) < 2 {
		return nil, fmt.Errorf("%d certificates; it needs the authority's own, then those that vouch for it, the root last", len(chain))
	}
	last := len(chain) - 1
	if !isTimestamper(chain[0]) {
		return nil, fmt.Errorf("the first certificate, of %q, may not timestamp: put the authority's own certificate first", chain[0].Subject)
	}
	name := chain[0].Subject.CommonName
	if name == "" {
		name = path
	}
	return &root.SigstoreTimestampingAuthority{Leaf: chain[0], Intermediates: chain[1:last], Root: chain[last], URI: name}, nil
}

func isTimestamper(cert *x509.Certificate) bool {
	if cert.IsCA {
		return false
	}
	for _, usage := range cert.ExtKeyUsage {
		if usage == x509.ExtKeyUsageTimeStamping {
			return true
		}
	}
	return false
}

// authorities is trusted material of timestamp authorities alone.
type authorities struct {
	root.BaseTrustedMaterial
	authorities []root.TimestampingAuthority
}

func (a *authorities) TimestampingAuthorities() []root.TimestampingAuthority { return a.authorities }

func readBounded(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxRootBytes {
		return nil, fmt.Errorf("%s takes %d bytes, at most %d are read", path, info.Size(), maxRootBytes)
	}
	return os.ReadFile(path)
}
