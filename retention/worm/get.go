package worm

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
)

// Get reads one version and checks it against the digest the caller knows it
// by. The check completes with the last byte: a reader that reaches io.EOF has
// read exactly the bytes that hash to want, and anything else ends in an error
// that matches [ErrCorrupt] instead. A zero want is refused; use [Store.Read]
// for a small object whose digest is not known.
func (s *Store) Get(ctx context.Context, ref Ref, want Digest) (io.ReadCloser, error) {
	if want.IsZero() {
		return nil, fmt.Errorf("worm: get %s: no digest given to check it against", ref)
	}
	if err := CheckKey(ref.Key); err != nil {
		return nil, fmt.Errorf("worm: get: %w", err)
	}
	body, err := s.driver.Open(ctx, ref)
	if err != nil {
		return nil, fmt.Errorf("worm: get %s: %w", ref, err)
	}
	return &checkedBody{exactReader: newExactReader(body, ref, -1, want), close: body.Close}, nil
}

type checkedBody struct {
	*exactReader
	close func() error
}

func (b *checkedBody) Close() error { return b.close() }

// exactReader passes a body through and turns its io.EOF into an error when
// what went by was not the promised bytes.
type exactReader struct {
	body io.Reader
	ref  Ref
	size int64 // -1 when only the digest is known
	want Digest
	seen int64
	hash hash.Hash
}

func newExactReader(body io.Reader, ref Ref, size int64, want Digest) *exactReader {
	return &exactReader{body: body, ref: ref, size: size, want: want, hash: sha256.New()}
}

func (r *exactReader) Read(p []byte) (int, error) {
	n, err := r.body.Read(p)
	r.seen += int64(n)
	r.hash.Write(p[:n])
	if r.size >= 0 && r.seen > r.size {
		return 0, fmt.Errorf("%w: %s: the body is longer than its stated %d bytes", ErrCorrupt, r.ref, r.size)
	}
	if !errors.Is(err, io.EOF) {
		return n, err
	}
	if r.size >= 0 && r.seen != r.size {
		return n, fmt.Errorf("%w: %s: the body ended after %d of its stated %d bytes", ErrCorrupt, r.ref, r.seen, r.size)
	}
	if got := Digest(r.hash.Sum(nil)); got != r.want {
		return n, &CorruptError{Ref: r.ref, Want: r.want, Got: got}
	}
	return n, io.EOF
}

func hashAll(body io.Reader) (Digest, error) {
	h := sha256.New()
	if _, err := io.Copy(h, body); err != nil {
		return Digest{}, err
	}
	return Digest(h.Sum(nil)), nil
}
