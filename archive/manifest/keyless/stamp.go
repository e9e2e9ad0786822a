package keyless

import (
	"errors"
	"fmt"
	"time"

	"github.com/digitorus/timestamp"
	"github.com/sigstore/sigstore-go/pkg/root"

	"github.com/holdfast-archive/holdfast/archive/manifest"
)

// VerifyTimestamp implements [manifest.TimeVerifier]: an authority of the root made
// the TimeStampResp over the signature, within the life of its certificate, which may
// have ended since. One that it made outside of that is [manifest.ErrAuthorityExpired].
func (r Root) VerifyTimestamp(response, signature []byte) (manifest.Timestamp, error) {
	if len(response) > maxResponse {
		return manifest.Timestamp{}, fmt.Errorf("it takes %d bytes, at most %d are read", len(response), maxResponse)
	}
	if r.material == nil || len(r.material.TimestampingAuthorities()) == 0 {
		return manifest.Timestamp{}, errors.New("no timestamp authority is trusted")
	}
	var failed []error
	for _, authority := range r.material.TimestampingAuthorities() {
		t, err := authority.Verify(response, signature)
		if err == nil {
			return manifest.Timestamp{Authority: t.URI, At: t.Time}, nil
		}
		if lapsed := lapsed(authority, response); lapsed != nil {
			return manifest.Timestamp{}, fmt.Errorf("%w: %w", lapsed, err)
		}
		failed = append(failed, err)
	}
	return manifest.Timestamp{}, fmt.Errorf("none of %d trusted authorities made it over this signature: %w", len(failed), errors.Join(failed...))
}

// lapsed explains a timestamp that carries a trusted authority's own certificate and
// is not from its life. It is asked only about one that does not verify.
func lapsed(authority root.TimestampingAuthority, response []byte) error {
	trusted, ok := authority.(*root.SigstoreTimestampingAuthority)
	if !ok || trusted.Leaf == nil {
		return nil
	}
	t, err := timestamp.ParseResponse(response)
	if err != nil {
		return nil
	}
	for _, cert := range t.Certificates {
		if cert.Equal(trusted.Leaf) && (t.Time.Before(cert.NotBefore) || t.Time.After(cert.NotAfter)) {
			return fmt.Errorf("%w: it says %s, and the certificate of %s is for %s to %s", manifest.ErrAuthorityExpired,
				t.Time.UTC().Format(time.RFC3339), trusted.URI, cert.NotBefore.UTC().Format(time.RFC3339), cert.NotAfter.UTC().Format(time.RFC3339))
		}
	}
	return nil
}
