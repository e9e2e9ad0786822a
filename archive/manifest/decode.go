package manifest

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
	bundlev1 "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"google.golang.org/protobuf/encoding/protojson"
)

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
		return nil, malformedAs(ErrTooLarge, "it takes %d bytes, the limit is %d", len(bundle), MaxBundleBytes)
	}
	if err := wellFormed(bundle); err != nil {
		return nil, err
	}
	b := new(bundlev1.Bundle)
	if err := protojson.Unmarshal(bundle, b); err != nil {
		return nil, malformed("not a Sigstore bundle: %v", err)
	}
	if b.MediaType != MediaType {
		return nil, malformed("the mediaType is %.100q, not %s", b.MediaType, MediaType)
	}
	return b, checkEnvelope(bundle, b)
}

// checkEnvelope refuses what other tools would read in another way, or not at all.
func checkEnvelope(bundle []byte, b *bundlev1.Bundle) error {
	e := b.GetDsseEnvelope()
	if e == nil {
		return malformedAs(ErrUnsigned, "it has no DSSE envelope: a digest, signed or not, is no manifest")
	}
	if e.PayloadType != PayloadType {
		return malformed("the payloadType is %.100q, not %s", e.PayloadType, PayloadType)
	}
	if len(e.Signatures) == 0 || len(e.Signatures) == 1 && len(e.Signatures[0].GetSig()) == 0 {
		return malformedAs(ErrUnsigned, "the envelope has no signature")
	}
	if len(e.Signatures) > 1 {
		return malformed("the envelope has %d signatures; a manifest has one", len(e.Signatures))
	}
	if id := e.Signatures[0].Keyid; id != "" {
		return malformed("the signature has a keyid, %.80q; the key is named by the bundle's hint alone", id)
	}
	for name, field := range map[string][]byte{"payload": e.Payload, "signature": e.Signatures[0].Sig} {
		if !bytes.Contains(bundle, base64.StdEncoding.AppendEncode(nil, field)) {
			return malformed("the %s is not in standard base64, with padding: not every tool reads it", name)
		}
	}
	return nil
}

// wellFormed refuses what is not one JSON object in which each name is given once.
// Readers of JSON differ over which of two they take.
func wellFormed(text []byte) error {
	d := jsontext.NewDecoder(bytes.NewReader(text))
	if kind := d.PeekKind(); kind != jsontext.KindBeginObject && kind != jsontext.KindInvalid {
		return malformedAs(ErrUnsigned, "it is no JSON object: a checksum, say, is no manifest")
	}
	err := d.SkipValue()
	if err == nil {
		if _, err = d.ReadToken(); errors.Is(err, io.EOF) {
			return nil
		}
		return malformed("something follows at byte %d", d.InputOffset())
	}
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return malformedAs(ErrTruncated, "it ends after %d bytes", len(text))
	case errors.Is(err, jsontext.ErrDuplicateName):
		return malformedAs(ErrDuplicateName, "%v", err)
	}
	return malformed("not JSON: %v", err)
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("manifest: %w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

// malformedAs is malformed, with what a caller may want to tell apart.
func malformedAs(kind error, format string, args ...any) error {
	return fmt.Errorf("manifest: %w: %w: %s", ErrMalformed, kind, fmt.Sprintf(format, args...))
}
