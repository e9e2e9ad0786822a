package manifest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

const referencePrefix = "sha256:"

// Reference returns the content_integrity_reference of a bundle: "sha256:" and
// the SHA-256 of its bytes, in hex.
func Reference(bundle []byte) string {
	sum := sha256.Sum256(bundle)
	return referencePrefix + hex.EncodeToString(sum[:])
}

// ParseReference returns the hex digits of a content_integrity_reference. The error
// matches [ErrBadReference].
func ParseReference(reference string) (string, error) {
	digits, ok := strings.CutPrefix(reference, referencePrefix)
	if !ok || !isSHA256(digits) {
		return "", fmt.Errorf("manifest: %.100q is %w: it should be sha256: and 64 lowercase hexadecimal digits", reference, ErrBadReference)
	}
	return digits, nil
}

// VerifyReference is [Verifier.Verify] of the bundle that a content_integrity_reference
// names. Another bundle, however well signed, is [ErrOtherManifest].
func (v *Verifier) VerifyReference(bundle []byte, reference string) (Verified, error) {
	if _, err := ParseReference(reference); err != nil {
		return Verified{}, err
	}
	if got := Reference(bundle); got != reference {
		return Verified{}, fmt.Errorf("manifest: %w: it is %s, and %s is asked for", ErrOtherManifest, got, reference)
	}
	return v.Verify(bundle)
}

// Find returns the object with a SHA-256, in lowercase hex, and the packet that it
// belongs to: the first, if several have the same contents. A manifest that is over
// other contents is [ErrNotCovered]: a signature says nothing of a file until the
// file's digest was found here.
func (v Verified) Find(sha256 string) (Packet, Object, error) {
	for _, p := range v.Statement.Predicate.Packets {
		for _, o := range p.Objects() {
			if o.SHA256 == sha256 && isSHA256(sha256) {
				return p, o, nil
			}
		}
	}
	return Packet{}, Object{}, fmt.Errorf("manifest: %w: none of the %d objects of batch %.80q has sha256 %.80q",
		ErrNotCovered, len(v.Statement.Subjects), v.Statement.Predicate.ExportBatchID, sha256)
}

// isSHA256 reports whether a string is a SHA-256 in lowercase hex.
func isSHA256(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == sha256.Size && hex.EncodeToString(b) == s
}
