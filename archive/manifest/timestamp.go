package manifest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	bundlev1 "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	commonv1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
)

// maxTimestamps bounds how many timestamps of one bundle are looked at.
const maxTimestamps = 16

// Timestamp is a trusted time at which a signature existed (RFC 3161).
type Timestamp struct {
	Authority string // who says so
	At        time.Time
}

// TimeAuthority timestamps signatures. archive/manifest/keyless has one for the
// authorities that speak RFC 3161 over HTTP.
type TimeAuthority interface {
	// Timestamp returns a TimeStampResp (RFC 3161, DER) over a signature.
	Timestamp(ctx context.Context, signature []byte) ([]byte, error)
}

// TimeVerifier verifies timestamps. archive/manifest/keyless has one.
type TimeVerifier interface {
	// VerifyTimestamp checks that a trusted authority made a TimeStampResp over a
	// signature, and says which and when.
	VerifyTimestamp(response, signature []byte) (Timestamp, error)
}

// Stamping says who timestamps the signatures of a signer.
type Stamping struct {
	Authorities []TimeAuthority

	// Required is how many of them must answer for a manifest to be written. With
	// fewer, zero included, those that fail are left out.
	Required int
}

// WithTimestamps returns a signer whose signatures are timestamped. The
// timestamps lie in the bundle, and count where [Trust] says whose to trust.
func (s *Signer) WithTimestamps(stamping Stamping) (*Signer, error) {
	if s == nil || s.seal == nil {
		return nil, fmt.Errorf("manifest: %w", ErrNoSigner)
	}
	if slices.Contains(stamping.Authorities, nil) {
		return nil, errors.New("manifest: one of Stamping.Authorities is nil")
	}
	if len(stamping.Authorities) == 0 || stamping.Required > len(stamping.Authorities) {
		return nil, fmt.Errorf("manifest: %d timestamps are required of %d authorities", stamping.Required, len(stamping.Authorities))
	}
	stamped := *s
	stamped.stamping = stamping
	return &stamped, nil
}

// stamp adds the authorities' timestamps to a bundle.
func (s *Signer) stamp(ctx context.Context, bundle []byte) ([]byte, error) {
	if len(s.stamping.Authorities) == 0 {
		return bundle, nil
	}
	b, err := parseBundle(bundle)
	if err != nil {
		return nil, err
	}
	signature := b.GetDsseEnvelope().Signatures[0].Sig
	var stamps []*commonv1.RFC3161SignedTimestamp
	var failed []error
	for _, authority := range s.stamping.Authorities {
		response, err := authority.Timestamp(ctx, signature)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		stamps = append(stamps, &commonv1.RFC3161SignedTimestamp{SignedTimestamp: response})
	}
	if len(stamps) < s.stamping.Required {
		return nil, fmt.Errorf("manifest: sign: %w: %d of %d required: %w", ErrNoTimestamp, len(stamps), s.stamping.Required, errors.Join(failed...))
	}
	if len(stamps) == 0 {
		return bundle, ctx.Err()
	}
	b.VerificationMaterial.TimestampVerificationData = &bundlev1.TimestampVerificationData{Rfc3161Timestamps: stamps}
	return marshalBundle(b)
}

// timestamps verifies the timestamps of a bundle. Every one of them must hold: a
// timestamp that was swapped is not passed over.
func (v *Verifier) timestamps(signed signedPayload) ([]Timestamp, error) {
	if v.time == nil {
		return nil, nil
	}
	if len(signed.timestamps) > maxTimestamps {
		return nil, malformed("%d timestamps; at most %d are looked at", len(signed.timestamps), maxTimestamps)
	}
	var all []Timestamp
	from := map[string]bool{}
	for i, response := range signed.timestamps {
		t, err := v.time.VerifyTimestamp(response, signed.signature)
		if err != nil {
			return nil, fmt.Errorf("manifest: %w: timestamp %d: %w", ErrUntrustedTime, i+1, err)
		}
		all, from[t.Authority] = append(all, t), true
	}
	if len(from) < v.required {
		return nil, fmt.Errorf("manifest: %w: it has those of %d authorities, %d are required", ErrNoTimestamp, len(from), v.required)
	}
	return all, nil
}

// inTime checks a manifest's own time, and its signatory's, against the trusted
// times of its signature.
func (v *Verifier) inTime(exported time.Time, by Signatory, stamps []Timestamp) error {
	if err := by.ValidAt(exported); err != nil {
		return err
	}
	for _, t := range stamps {
		if exported.After(t.At.Add(v.skew)) {
			return fmt.Errorf("manifest: %w: exported_at_utc is %s, and %s saw the signature at %s already: one of the two clocks is wrong, or the time was made up",
				ErrClockSkew, exported.Format(time.RFC3339), t.Authority, t.At.UTC().Format(time.RFC3339))
		}
		if err := by.ValidAt(t.At); err != nil {
			return err
		}
	}
	return nil
}
