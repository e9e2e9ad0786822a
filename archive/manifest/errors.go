package manifest

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// What a caller decides on. Test with errors.Is.
var (
	// ErrMalformed: not a manifest of this format. The five below match it too.
	ErrMalformed = errors.New("malformed manifest")
	// ErrTooLarge: more bytes than any manifest has.
	ErrTooLarge = errors.New("too large")
	// ErrTruncated: the file ends in the middle.
	ErrTruncated = errors.New("cut off")
	// ErrDuplicateName: a name is given twice, and readers differ over which counts.
	ErrDuplicateName = errors.New("a name is given twice")
	// ErrUnsigned: nobody signed it, such as a checksum or a bare statement.
	ErrUnsigned = errors.New("not signed")
	// ErrUnknownAlgorithm: a digest that is not SHA-256.
	ErrUnknownAlgorithm = errors.New("unknown algorithm")

	// ErrBadReference: not a content_integrity_reference.
	ErrBadReference = errors.New("not a content_integrity_reference")
	// ErrOtherManifest: the bundle is not the one that a reference names, such as that
	// of another batch.
	ErrOtherManifest = errors.New("another manifest than the one referred to")
	// ErrNotCovered: the manifest is not over these contents.
	ErrNotCovered = errors.New("the manifest is over other contents")

	// ErrBadSignature: the signature is not the key's over this statement.
	ErrBadSignature = errors.New("bad signature")
	// ErrUnknownKey: the manifest was signed by a key that is not trusted.
	ErrUnknownKey = errors.New("signed by a key that is not trusted")
	// ErrNoTrustedKeys: there is no key to verify against.
	ErrNoTrustedKeys = errors.New("no trusted keys: give the public key that signs exports")
	// ErrKeyNotInUse: the key is trusted, and not for the time of the manifest.
	ErrKeyNotInUse = errors.New("the key was not in use then")
	// ErrNotOwner: the key is that of somebody who may not own integrity.
	ErrNotOwner = errors.New("signed by somebody who may not own integrity")
	// ErrUnknownIdentity: the manifest is signed with a certificate, and not that of
	// an identity that is trusted.
	ErrUnknownIdentity = errors.New("signed by an identity that is not trusted")
	// ErrNotLogged: the transparency log's entry of the signature is missing, or is
	// not of it.
	ErrNotLogged = errors.New("no transparency log has the signature")
	// ErrUntrustedTime: a timestamp is not a trusted authority's over this signature.
	ErrUntrustedTime = errors.New("a timestamp does not hold")
	// ErrAuthorityExpired: a timestamp is from outside the life of the certificate
	// that its authority made it with. It comes with ErrUntrustedTime.
	ErrAuthorityExpired = errors.New("made outside the life of the authority's certificate")
	// ErrNoSignature: whoever holds the key did not sign. A service that refuses
	// cannot always be told from one that is down.
	ErrNoSignature = errors.New("nobody signed")
	// ErrNoTimestamp: fewer timestamps than are required.
	ErrNoTimestamp = errors.New("timestamps are missing")
	// ErrClockSkew: the manifest says that it was exported after it was signed.
	ErrClockSkew = errors.New("exported after it was signed")
	// ErrUnknownKMS: no linked provider serves the URI of a key.
	ErrUnknownKMS = errors.New("no such key management service")
	// ErrNoSigner: the signer is empty; NewSigner, LoadSigner, OpenKMS and
	// keyless.NewSigner make one.
	ErrNoSigner = errors.New("no signer: it was not made by NewSigner, LoadSigner, OpenKMS or keyless.NewSigner")
	// ErrNoKey: the file holds no key of the half that is wanted: something else, nothing,
	// or the other half of the pair.
	ErrNoKey = errors.New("no such key in the file")
	// ErrWrongPassword: the key is encrypted, and this password does not open it.
	ErrWrongPassword = errors.New("the password does not open the key")
	// ErrUnsupportedKey: not every verifier knows keys of this kind.
	ErrUnsupportedKey = errors.New("unsupported key: use ECDSA P-256, Ed25519, or RSA of 2048 bits and more")
)

// UnknownKeyError says which key signed a manifest and which are trusted. It
// matches [ErrUnknownKey].
type UnknownKeyError struct {
	Hint    string   // the key id that the manifest names
	Trusted []string // key ids
}

func (e *UnknownKeyError) Error() string {
	return fmt.Sprintf("%v: the manifest names key %.80q, trusted are %s; if keys were rotated, give the public keys of that time as well",
		ErrUnknownKey, e.Hint, strings.Join(e.Trusted, ", "))
}

// Is matches ErrUnknownKey.
func (e *UnknownKeyError) Is(target error) bool { return target == ErrUnknownKey }

// KeyWindowError says who signed, and that it was not theirs to sign at the time.
// It matches [ErrKeyNotInUse].
type KeyWindowError struct {
	Signatory
	At time.Time
}

func (e *KeyWindowError) Error() string {
	return fmt.Sprintf("%v: %s is trusted from %s until %s, not at %s", ErrKeyNotInUse, e.Signatory, bound(e.From), bound(e.Until), e.At.Format(time.RFC3339))
}

func bound(t time.Time) string {
	if t.IsZero() {
		return "ever"
	}
	return t.Format(time.RFC3339)
}

// Is matches ErrKeyNotInUse.
func (e *KeyWindowError) Is(target error) bool { return target == ErrKeyNotInUse }
