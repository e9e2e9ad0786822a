package manifest

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/sigstore/sigstore/pkg/signature"
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
// github.com/sigstore/sigstore/pkg/signature/kms; another scheme is [ErrUnknownKMS].
//
// The private key stays where it is. The service is asked for the public key, and
// for one signature over a text that is no manifest: a key that signs in another
// way than every tool verifies, such as RSA-PSS, is [ErrUnsupportedKey] now and not
// at the first export. Every later signature is checked before it is used.
//
// A service that throttles or does not answer is asked again, within the bounds of
// [Signer.Sign].
func OpenKMS(ctx context.Context, uri string) (*Signer, error) {
	if err := linkedKMS(uri); err != nil {
		return nil, err
	}
	// Some providers keep the context for all that they are asked later.
	lasting := context.WithoutCancel(ctx)
	key, err := ask(ctx, func(context.Context) (kms.SignerVerifier, error) { return kms.Get(lasting, uri, crypto.SHA256) })
	if err != nil {
		return nil, fmt.Errorf("manifest: open KMS key %.200q: %w", uri, err)
	}
	pub, err := ask(ctx, func(ctx context.Context) (crypto.PublicKey, error) { return key.PublicKey(options.WithContext(ctx)) })
	if err != nil {
		return nil, fmt.Errorf("manifest: ask KMS for the public key of %.200q: %w", uri, err)
	}
	s, err := newSigner(key, pub)
	if err != nil {
		return nil, fmt.Errorf("%w (of %.200q)", err, uri)
	}
	if err := probe(ctx, key, pub); err != nil {
		return nil, fmt.Errorf("manifest: try the KMS key %.200q: %w", uri, err)
	}
	return s, nil
}

// probeText is not a pre-authentication encoding of anything, so a signature over
// it can be passed off as nothing else.
const probeText = "holdfast: which algorithm does this key sign with?"

// probe finds out how a key signs: a public key does not tell.
func probe(ctx context.Context, key signature.Signer, pub crypto.PublicKey) error {
	sig, err := ask(ctx, func(ctx context.Context) ([]byte, error) {
		return key.SignMessage(strings.NewReader(probeText), options.WithContext(ctx))
	})
	if err != nil {
		return err
	}
	verifier, _, err := newVerifier(pub)
	if err != nil {
		return err
	}
	err = verifier.VerifySignature(bytes.NewReader(sig), strings.NewReader(probeText))
	if err == nil {
		return nil
	}
	digest := sha256.Sum256([]byte(probeText))
	if pub, ok := pub.(*rsa.PublicKey); ok && rsa.VerifyPSS(pub, crypto.SHA256, digest[:], sig, nil) == nil {
		return fmt.Errorf("%w: it signs with RSA-PSS; use a key for RSA PKCS #1 v1.5", ErrUnsupportedKey)
	}
	return fmt.Errorf("%w: it signs in another way than with SHA-256, PKCS #1 v1.5 or plain Ed25519, or with another key than it names: %w", ErrUnsupportedKey, err)
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
