package keyless

import (
	"bytes"
	"crypto"
	"fmt"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"

	"github.com/holdfast-archive/holdfast/archive/manifest"
)

// explain finds, in the order of the Sigstore client specification, the commonest
// reasons for a bundle not to verify, and gives each its own error. That none of
// them applies does not make it verify: sigstore-go decides that.
func (v *identities) explain(b *bundle.Bundle) error {
	logged, err := v.verifier.VerifyTransparencyLogInclusion(b)
	if err != nil {
		return fmt.Errorf("%w: %w", manifest.ErrNotLogged, err)
	}
	times, err := v.verifier.VerifyObserverTimestamps(b, logged)
	if err != nil {
		return fmt.Errorf("%w: %w", manifest.ErrUntrustedTime, err)
	}
	content, err := b.VerificationContent()
	if err != nil {
		return fmt.Errorf("%w: %w", manifest.ErrMalformed, err)
	}
	cert := content.Certificate()
	if cert == nil {
		return fmt.Errorf("%w: it carries no certificate", manifest.ErrUnknownIdentity)
	}
	by := manifest.Signatory{From: cert.NotBefore, Until: cert.NotAfter}
	if summary, err := certificate.SummarizeCertificate(cert); err == nil {
		by.Issuer, by.Subject = summary.Issuer, summary.SubjectAlternativeName
	}
	for _, t := range times {
		if t.Timestamp.Before(cert.NotBefore) || t.Timestamp.After(cert.NotAfter) {
			return &manifest.KeyWindowError{Signatory: by, At: t.Timestamp}
		}
	}
	if err := checkSignature(b, cert.PublicKey); err != nil {
		return fmt.Errorf("%w of %s: the statement was changed, or was never signed with this certificate: %w", manifest.ErrBadSignature, by, err)
	}
	return nil
}

func checkSignature(b *bundle.Bundle, pub crypto.PublicKey) error {
	content, err := b.SignatureContent()
	if err != nil {
		return err
	}
	verifier, err := signature.LoadVerifier(pub, crypto.SHA256)
	if err != nil {
		return err
	}
	pae := dsse.PAE(manifest.PayloadType, payload(content))
	return verifier.VerifySignature(bytes.NewReader(content.Signature()), bytes.NewReader(pae))
}

func payload(content verify.SignatureContent) []byte {
	envelope := content.EnvelopeContent()
	if envelope == nil {
		return nil
	}
	body, err := envelope.RawEnvelope().DecodeB64Payload()
	if err != nil {
		return nil
	}
	return body
}
