package fileworm

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// Open implements [worm.Driver]. What is read is held to the digest on record;
// without a record it is up to the caller to know the digest.
func (d *driver) Open(ctx context.Context, ref worm.Ref) (io.ReadCloser, error) {
	f, _, err := d.open(ref)
	if err != nil {
		return nil, err
	}
	lines, err := d.readRecord(ref.Key)
	if err != nil {
		f.Close()
		return nil, err
	}
	return &body{ctx: ctx, file: f, ref: ref, recorded: digests(lines), hash: sha256.New()}, nil
}

// open opens an object, which is a plain file and nothing else.
func (d *driver) open(ref worm.Ref) (*os.File, fs.FileInfo, error) {
	info, err := d.root.Lstat(ref.Key)
	if errors.Is(err, fs.ErrNotExist) || ref.Version != "" || errors.Is(err, errNotFolder) {
		return nil, nil, worm.ErrNotFound
	}
	if err != nil {
		return nil, nil, err
	}
	if info.IsDir() {
		return nil, nil, fmt.Errorf("%w: %s is a folder of other objects", worm.ErrNotFound, ref.Key)
	}
	if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%w: %s is not a plain file: it was not put there by this library", worm.ErrCorrupt, ref.Key)
	}
	f, err := d.root.Open(ref.Key)
	return f, info, err
}

// body is an open object. Its last read fails if the bytes are not on record.
type body struct {
	ctx      context.Context
	file     *os.File
	ref      worm.Ref
	recorded []worm.Digest
	hash     hash.Hash
}

func (b *body) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := b.file.Read(p)
	b.hash.Write(p[:n])
	if errors.Is(err, io.EOF) && len(b.recorded) > 0 {
		if got := worm.Digest(b.hash.Sum(nil)); !slices.Contains(b.recorded, got) {
			return n, &worm.CorruptError{Ref: b.ref, Want: b.recorded[0], Got: got}
		}
	}
	return n, err
}

func (b *body) Close() error { return b.file.Close() }

// State implements [worm.Driver]. Without a lock record the object is under no
// lock and its digest is not known.
func (d *driver) State(ctx context.Context, ref worm.Ref) (worm.Object, error) {
	f, info, err := d.open(ref)
	if err != nil {
		return worm.Object{}, err
	}
	defer f.Close()
	lines, err := d.readRecord(ref.Key)
	if err != nil {
		return worm.Object{}, err
	}
	o := worm.Object{Ref: ref, Size: info.Size(), StoredAt: info.ModTime().UTC()}
	if o.SHA256, err = which(ctx, f, digests(lines)); err != nil {
		return worm.Object{}, err
	}
	o.Lock = fold(lines, o.SHA256)
	return o, nil
}

// digests returns the digests on record, each once.
func digests(lines []record) []worm.Digest {
	var all []worm.Digest
	for _, r := range lines {
		if !slices.Contains(all, r.SHA256) {
			all = append(all, r.SHA256)
		}
	}
	return all
}

// which tells the object's digest among those on record: the only one, or, where
// writers raced for the key, the one its bytes have.
func which(ctx context.Context, f *os.File, recorded []worm.Digest) (worm.Digest, error) {
	switch len(recorded) {
	case 0:
		return worm.Digest{}, nil
	case 1:
		return recorded[0], nil
	}
	h := sha256.New()
	if err := copyBody(ctx, h, f); err != nil {
		return worm.Digest{}, err
	}
	got := worm.Digest(h.Sum(nil))
	if !slices.Contains(recorded, got) {
		return worm.Digest{}, fmt.Errorf("%w: its bytes have sha256 %s, which its lock record does not know", worm.ErrCorrupt, got)
	}
	return got, nil
}

// Extend implements [worm.Driver].
func (d *driver) Extend(ctx context.Context, ref worm.Ref, to retention.Lock) error {
	o, err := d.State(ctx, ref)
	if err != nil {
		return err
	}
	return d.append(ref.Key, record{SHA256: o.SHA256}.with(to), func(lines []record) error {
		have := fold(lines, o.SHA256)
		to.LegalHold = have.LegalHold
		if !to.Covers(have) {
			return fmt.Errorf("%w: %s", worm.ErrWouldWeaken, have)
		}
		return unrecorded(ref, o.SHA256)
	})
}

// SetLegalHold implements [worm.Driver].
func (d *driver) SetLegalHold(ctx context.Context, ref worm.Ref, on bool) error {
	o, err := d.State(ctx, ref)
	if err != nil {
		return err
	}
	return d.append(ref.Key, record{SHA256: o.SHA256, LegalHold: &on}, func([]record) error {
		return unrecorded(ref, o.SHA256)
	})
}

// unrecorded refuses to start a lock record for an object that lost its own, or is one
// of many that were put without.
func unrecorded(ref worm.Ref, digest worm.Digest) error {
	if digest.IsZero() {
		return fmt.Errorf("%w: %s has no lock record: it was put with many that need none, or the record was removed", worm.ErrCorrupt, ref)
	}
	return nil
}
