package manifest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	stdjson "encoding/json"
	"fmt"
	"strings"

	bundlev1 "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	commonv1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	dssev1 "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	"google.golang.org/protobuf/encoding/protojson"
)

const (
	// MediaType is that of a Sigstore bundle v0.3.
	MediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"
	// MaxBundleBytes bounds a bundle; 1,000 subjects take about 1 MiB.
	MaxBundleBytes = 16 << 20
)

// Reference returns the content_integrity_reference of a bundle: "sha256:" and
// the SHA-256 of its bytes, in hex.
func Reference(bundle []byte) string {
	sum := sha256.Sum256(bundle)
	return referencePrefix + hex.EncodeToString(sum[:])
}

const referencePrefix = "sha256:"

// ParseReference returns the hex digits of a content_integrity_reference.
func ParseReference(reference string) (string, error) {
	digits, ok := strings.CutPrefix(reference, referencePrefix)
	if b, err := hex.DecodeString(digits); !ok || err != nil || len(b) != sha256.Size || hex.EncodeToString(b) != digits {
		return "", fmt.Errorf("manifest: %.100q is not a content_integrity_reference: it should be sha256: and 64 lowercase hexadecimal digits", reference)
	}
	return digits, nil
}

// encodeBundle puts a DSSE envelope, as JSON, into a bundle that names its key. The
// envelope's own keyid stays empty: cosign and sigstore-go take a keyid for their
// own digest of the key, and would pass over a signature that has ours.
func encodeBundle(envelope []byte, keyID string) ([]byte, error) {
	signed := new(dssev1.Envelope)
	if err := protojson.Unmarshal(envelope, signed); err != nil {
		return nil, err
	}
	return marshalBundle(&bundlev1.Bundle{
		MediaType: MediaType,
		VerificationMaterial: &bundlev1.VerificationMaterial{
			Content: &bundlev1.VerificationMaterial_PublicKey{PublicKey: &commonv1.PublicKeyIdentifier{Hint: keyID}},
		},
		Content: &bundlev1.Bundle_DsseEnvelope{DsseEnvelope: signed},
	})
}

func marshalBundle(bundle *bundlev1.Bundle) ([]byte, error) {
	written, err := protojson.Marshal(bundle)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer // protojson varies its white space on purpose
	err = stdjson.Compact(&b, written)
	return b.Bytes(), err
}

// signedPayload is what a well-formed bundle holds.
type signedPayload struct {
	payload    []byte
	signature  []byte
	hint       string // of the key; empty if it is certified
	certified  bool   // carries a certificate
	timestamps [][]byte
}

// decodeBundle reads a bundle and refuses every form but those we write.
func decodeBundle(bundle []byte) (signedPayload, error) {
	b, err := parseBundle(bundle)
	if err != nil {
		return signedPayload{}, err
	}
	material := b.GetVerificationMaterial()
	s := signedPayload{
		payload:   b.GetDsseEnvelope().Payload,
		signature: b.GetDsseEnvelope().Signatures[0].Sig,
		hint:      material.GetPublicKey().GetHint(),
		certified: material.GetCertificate() != nil,
	}
	if s.hint == "" && !s.certified {
		return signedPayload{}, malformed("it neither names the public key it was signed with nor carries a certificate")
	}
	for _, t := range material.GetTimestampVerificationData().GetRfc3161Timestamps() {
		s.timestamps = append(s.timestamps, t.GetSignedTimestamp())
	}
	return s, nil
}

// parseBundle reads a bundle of one DSSE envelope with one signature.
func parseBundle(bundle []byte) (*bundlev1.Bundle, error) {
	if len(bundle) > MaxBundleBytes {
		return nil, malformed("it takes %d bytes, the limit is %d", len(bundle), MaxBundleBytes)
	}
	b := new(bundlev1.Bundle)
	if err := protojson.Unmarshal(bundle, b); err != nil {
		return nil, malformed("not a Sigstore bundle: %v", err)
	}
	if b.MediaType != MediaType {
		return nil, malformed("the mediaType is %.100q, not %s", b.MediaType, MediaType)
	}
	e := b.GetDsseEnvelope()
	if e.GetPayloadType() != PayloadType || len(e.GetSignatures()) != 1 {
		return nil, malformed("it needs a DSSE envelope of %s with one signature; it has %.100q with %d", PayloadType, e.GetPayloadType(), len(e.GetSignatures()))
	}
	if id := e.Signatures[0].Keyid; id != "" {
		return nil, malformed("the signature has a keyid, %.80q; the key is named by the bundle's hint alone", id)
	}
	return b, nil
}
