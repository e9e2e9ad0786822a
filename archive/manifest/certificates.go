package manifest

import (
	"crypto/x509"
	"encoding/asn1"
	"fmt"

	"github.com/digitorus/pkcs7"
	bundlev1 "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
)

const (
	maxCertificates = 256      // that are read of one bundle
	maxStamp        = 64 << 10 // bytes of one timestamp, which may nest
)

// Certificates are those that a bundle carries, as it carries them: nothing says that
// they are to be trusted, or that they made what they stand beside.
type Certificates struct {
	// Signer is the certificate of who signed, such as Fulcio's for ten minutes; nil if a
	// key did. Dated says that a timestamp or a transparency log has seen the signature,
	// so that it can be verified when the certificate has long ended.
	Signer *x509.Certificate
	Dated  bool

	// Authorities are those in the bundle's timestamps (RFC 3161): the leaf of each
	// authority and what it sent along of its chain.
	Authorities []*x509.Certificate
}

// ReadCertificates reads the certificates of a bundle and verifies nothing. A bundle of
// another form than we write, or with a certificate that cannot be read, is
// [ErrMalformed]; one with more than 256 certificates is [ErrTooLarge] as well.
func ReadCertificates(bundle []byte) (Certificates, error) {
	b, err := parseBundle(bundle)
	if err != nil {
		return Certificates{}, err
	}
	material := b.GetVerificationMaterial()
	stamps := material.GetTimestampVerificationData().GetRfc3161Timestamps()
	c := Certificates{Dated: len(stamps)+len(material.GetTlogEntries()) > 0}
	if c.Signer, err = signerOf(material); err != nil {
		return Certificates{}, err
	}
	if len(stamps) > maxTimestamps {
		return Certificates{}, malformedAs(ErrTooLarge, "%d timestamps; at most %d are looked at", len(stamps), maxTimestamps)
	}
	for i, stamp := range stamps {
		carried, err := stampedBy(stamp.GetSignedTimestamp())
		if err != nil {
			return Certificates{}, malformed("timestamp %d: %v", i+1, err)
		}
		if c.Authorities = append(c.Authorities, carried...); len(c.Authorities) > maxCertificates {
			return Certificates{}, malformedAs(ErrTooLarge, "more than %d certificates", maxCertificates)
		}
	}
	return c, nil
}

func signerOf(material *bundlev1.VerificationMaterial) (*x509.Certificate, error) {
	if material.GetCertificate() == nil {
		return nil, nil
	}
	signer, err := x509.ParseCertificate(material.GetCertificate().GetRawBytes())
	if err != nil {
		return nil, malformed("the signer's certificate: %v", err)
	}
	return signer, nil
}

// stampedBy returns the certificates of a TimeStampResp (RFC 3161, section 2.4.2), which
// is a status and a signed message.
func stampedBy(response []byte) ([]*x509.Certificate, error) {
	if len(response) > maxStamp {
		return nil, fmt.Errorf("it takes %d bytes, at most %d are read", len(response), maxStamp)
	}
	var parts struct{ Status, Token asn1.RawValue }
	if _, err := asn1.Unmarshal(response, &parts); err != nil {
		return nil, err
	}
	message, err := pkcs7.Parse(parts.Token.FullBytes)
	if err != nil {
		return nil, err
	}
	return message.Certificates, nil
}
