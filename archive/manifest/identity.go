package manifest

import "context"

// IdentityVerifier verifies bundles that carry a certificate instead of naming a
// key. archive/manifest/keyless has one.
type IdentityVerifier interface {
	// VerifyIdentity checks the signature of a bundle over its own payload, the
	// certificate it carries and when that was used, and returns whose it is. An
	// identity that is not trusted is an error that matches [ErrUnknownIdentity].
	VerifyIdentity(bundle []byte) (Signatory, error)
}

// Sealer signs without a key of one's own. archive/manifest/keyless has one.
type Sealer interface {
	IdentityVerifier // of what it seals

	// Seal returns a Sigstore bundle v0.3 with a DSSE envelope over a payload of
	// type [PayloadType], signed once.
	Seal(ctx context.Context, payload []byte) (bundle []byte, err error)
}

// NewSealingSigner returns a signer over a sealer. It has no key: its KeyID is
// empty and its PublicKey nil. Without a sealer it signs nothing: [ErrNoSigner].
func NewSealingSigner(sealer Sealer) *Signer {
	if sealer == nil {
		return &Signer{}
	}
	return &Signer{seal: sealer.Seal, verifier: &Verifier{identities: sealer, skew: defaultSkew}}
}
