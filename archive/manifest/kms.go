package manifest

import (
	"context"
	"crypto"
	"fmt"
	"slices"
	"strings"

	"github.com/sigstore/sigstore/pkg/signature/kms"
	"github.com/sigstore/sigstore/pkg/signature/options"
)

// kmsImports are the packages that serve each scheme of a KMS URI.
var kmsImports = map[string]string{
	"awskms://":     "github.com/sigstore/sigstore/pkg/signature/kms/aws",
	"azurekms://":   "github.com/sigstore/sigstore/pkg/signature/kms/azure",
	"gcpkms://":     "github.com/sigstore/sigstore/pkg/signature/kms/gcp",
	"hashivault://": "github.com/sigstore/sigstore/pkg/signature/kms/hashivault",
}

// OpenKMS returns a signer over a key in a key management service, named as
// sigstore names it: awskms://, gcpkms://, azurekms:// or hashivault://. The
// provider must be linked, by blank import of its package below
// github.com/sigstore/sigstore/pkg/signature/kms. The private key stays where it
// is; the public key is asked for once, now, and every signature is checked
// against it before it is used.
//
// A service that throttles is asked again, within the bounds of [Signer.Sign].
func OpenKMS(ctx context.Context, uri string) (*Signer, error) {
	if err := linkedKMS(uri); err != nil {
		return nil, err
	}
	key, err := kms.Get(ctx, uri, crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("manifest: open KMS key %.200q: %w", uri, err)
	}
	pub, err := key.PublicKey(options.WithContext(ctx))
	if err != nil {
		return nil, fmt.Errorf("manifest: ask KMS for the public key of %.200q: %w", uri, err)
	}
	s, err := newSigner(key, pub)
	if err != nil {
		return nil, fmt.Errorf("%w (of %.200q)", err, uri)
	}
	return s, nil
}

// linkedKMS refuses a URI that no linked provider serves. Sigstore would look for
// a program of that name and run it.
func linkedKMS(uri string) error {
	if slices.ContainsFunc(kms.SupportedProviders(), func(scheme string) bool { return strings.HasPrefix(uri, scheme) }) {
		return nil
	}
	for scheme, pkg := range kmsImports {
		if strings.HasPrefix(uri, scheme) {
			return fmt.Errorf("manifest: open KMS key %.200q: %w: link its provider with import _ %q", uri, ErrUnknownKMS, pkg)
		}
	}
	return fmt.Errorf("manifest: open KMS key %.200q: %w: a KMS URI starts with awskms://, azurekms://, gcpkms:// or hashivault://", uri, ErrUnknownKMS)
}
