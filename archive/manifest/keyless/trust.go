package keyless

import (
	"errors"
	"fmt"
	"time"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	"github.com/sigstore/sigstore-go/pkg/verify"

	"github.com/holdfast-archive/holdfast/archive/manifest"
)

// Identity is somebody whose manifests count. An issuer and a subject are
// required, each exact or as a pattern: a regular expression (RE2) that the whole
// of it must match.
type Identity struct {
	Issuer, IssuerPattern   string // who vouches for the identity
	Subject, SubjectPattern string // as its certificate says

	Owner       string    // who it is, such as release-ops; see manifest.Trust.Owners
	From, Until time.Time // when it counts; zero is no bound
}

// Trust says whose certificates count.
type Trust struct {
	Root       Root
	Identities []Identity

	// LogEntries and SCTs are of how many transparency logs a bundle must have an
	// entry, and its certificate a Signed Certificate Timestamp. Zero asks for none;
	// some trusted time of the signature, by a log or a timestamp authority, is
	// required all the same.
	LogEntries, SCTs int
}

// NewVerifier returns what [manifest.Trust.Identities] wants. No identities, or one
// without an issuer or a subject, is an error that matches
// [manifest.ErrNoTrustedKeys].
func (t Trust) NewVerifier() (manifest.IdentityVerifier, error) { return t.newVerifier() }

func (t Trust) newVerifier() (*identities, error) {
	if t.Root.material == nil {
		return nil, fmt.Errorf("keyless: %w: Trust.Root is empty", manifest.ErrNoTrustedKeys)
	}
	if len(t.Identities) == 0 {
		return nil, fmt.Errorf("keyless: %w: Trust.Identities is empty", manifest.ErrNoTrustedKeys)
	}
	options := []verify.VerifierOption{verify.WithObserverTimestamps(1)}
	if t.LogEntries > 0 {
		options = append(options, verify.WithTransparencyLog(t.LogEntries))
	}
	if t.SCTs > 0 {
		options = append(options, verify.WithSignedCertificateTimestamps(t.SCTs))
	}
	verifier, err := verify.NewVerifier(t.Root.material, options...)
	if err != nil {
		return nil, fmt.Errorf("keyless: %w", err)
	}
	v := &identities{verifier: verifier}
	for i, id := range t.Identities {
		matcher, err := id.matcher()
		if err != nil {
			return nil, fmt.Errorf("keyless: identity %d: %w", i+1, err)
		}
		v.trusted = append(v.trusted, trusted{Identity: id, matcher: matcher})
	}
	return v, nil
}

// matcher returns sigstore-go's form of an identity.
func (id Identity) matcher() (verify.CertificateIdentity, error) {
	if id.Issuer == "" && id.IssuerPattern == "" || id.Subject == "" && id.SubjectPattern == "" {
		return verify.CertificateIdentity{}, fmt.Errorf("%w: it needs an issuer and a subject", manifest.ErrNoTrustedKeys)
	}
	return verify.NewShortCertificateIdentity(id.Issuer, whole(id.IssuerPattern), id.Subject, whole(id.SubjectPattern))
}

// whole makes a pattern match all of a string. Sigstore's match a part of it, and
// would take https://github.com/acme/ for an issuer that merely contains it.
func whole(pattern string) string {
	if pattern == "" {
		return ""
	}
	return `\A(?:` + pattern + `)\z`
}

type trusted struct {
	Identity
	matcher verify.CertificateIdentity
}

// identities verifies bundles that carry certificates.
type identities struct {
	verifier *verify.Verifier
	trusted  []trusted
}

// VerifyIdentity implements [manifest.IdentityVerifier]. What the statement says of
// its subjects is for package manifest to check.
func (v *identities) VerifyIdentity(content []byte) (manifest.Signatory, error) {
	var b bundle.Bundle
	if err := b.UnmarshalJSON(content); err != nil {
		return manifest.Signatory{}, fmt.Errorf("manifest: %w: %w", manifest.ErrMalformed, err)
	}
	if err := v.explain(&b); err != nil {
		return manifest.Signatory{}, fmt.Errorf("manifest: %w", err)
	}
	result, err := v.verifier.Verify(&b, verify.NewPolicy(verify.WithoutArtifactUnsafe(), verify.WithoutIdentitiesUnsafe()))
	if err != nil {
		return manifest.Signatory{}, fmt.Errorf("manifest: %w: %w", manifest.ErrUnknownIdentity, err)
	}
	if result.Signature == nil || result.Signature.Certificate == nil {
		return manifest.Signatory{}, fmt.Errorf("manifest: %w: it carries no certificate", manifest.ErrUnknownIdentity)
	}
	return v.match(*result.Signature.Certificate)
}

// match finds the trusted identity that a certificate is of.
func (v *identities) match(cert certificate.Summary) (manifest.Signatory, error) {
	var closest error
	for _, t := range v.trusted {
		err := t.matcher.Verify(cert)
		if err == nil {
			return manifest.Signatory{Issuer: cert.Issuer, Subject: cert.SubjectAlternativeName, Owner: t.Owner, From: t.From, Until: t.Until}, nil
		}
		closest = errors.Join(closest, err)
	}
	return manifest.Signatory{}, fmt.Errorf("manifest: %w: it is %.200q, vouched for by %.200q: %w", manifest.ErrUnknownIdentity, cert.SubjectAlternativeName, cert.Issuer, closest)
}
