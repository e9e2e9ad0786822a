package worm

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/holdfast-archive/holdfast/retention"
)

// Ref pins one version of one object.
type Ref struct {
	Key string
	// Version is the backend's own version id, or generation. It is empty on a
	// backend that has no versions, and in a Ref that means whatever the bucket
	// shows under the key now.
	Version string
}

// String returns the key, and the version where there is one.
func (r Ref) String() string {
	if r.Version == "" {
		return r.Key
	}
	return r.Key + "@" + r.Version
}

// Digest is a SHA-256 over an object's bytes.
type Digest [sha256.Size]byte

// Sum returns the digest of b.
func Sum(b []byte) Digest { return sha256.Sum256(b) }

// ParseDigest reads 64 lowercase hexadecimal digits.
func ParseDigest(s string) (Digest, error) {
	var d Digest
	if b, err := hex.DecodeString(s); err == nil && len(b) == len(d) && hex.EncodeToString(b) == s {
		return Digest(b), nil
	}
	return d, fmt.Errorf("worm: %.80q is not a SHA-256 in 64 lowercase hexadecimal digits", s)
}

// String returns 64 lowercase hexadecimal digits.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// IsZero reports whether d is unset.
func (d Digest) IsZero() bool { return d == Digest{} }

// AppendText appends 64 lowercase hexadecimal digits.
func (d Digest) AppendText(b []byte) ([]byte, error) { return hex.AppendEncode(b, d[:]), nil }

// MarshalText writes 64 lowercase hexadecimal digits.
func (d Digest) MarshalText() ([]byte, error) { return d.AppendText(nil) }

// UnmarshalText reads what [ParseDigest] reads.
func (d *Digest) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDigest(string(text))
	return err
}

// Object is what a store reports about one version.
type Object struct {
	Ref      Ref
	Size     int64          // bytes
	SHA256   Digest         // as recorded when it was stored; zero where the backend keeps none
	Lock     retention.Lock // in force now
	Hidden   bool           // the key no longer shows this version: a delete marker or a newer version lies over it
	StoredAt time.Time      // UTC; the backend's word for it
}

// Entry is one key of a listing.
type Entry struct {
	Ref  Ref
	Size int64 // bytes
}
