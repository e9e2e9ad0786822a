package manifest

import (
	"bytes"
	stdjson "encoding/json"

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
