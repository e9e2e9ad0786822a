package manifest

import (
	"errors"
	"fmt"
	"strings"
)

// What a caller decides on. Test with errors.Is.
var (
	// ErrMalformed: not a manifest of this format.
	ErrMalformed = errors.New("malformed manifest")
	// ErrBadSignature: the signature is not the key's over this statement.
	ErrBadSignature = errors.New("bad signature")
	// ErrUnknownKey: the manifest was signed by a key that is not trusted.
	ErrUnknownKey = errors.New("signed by a key that is not trusted")
	// ErrNoTrustedKeys: there is no key to verify against.
	ErrNoTrustedKeys = errors.New("no trusted keys: give the public key that signs exports")
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
