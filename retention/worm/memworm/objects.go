package memworm

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// Create implements [worm.Driver]. A key whose object is hidden behind a delete
// marker still counts as taken, unless [Bucket.CreateOverMarkers] was called.
func (b *Bucket) Create(ctx context.Context, in worm.Creation) (worm.Ref, error) {
	body := make([]byte, in.Size)
	_, err := io.ReadFull(in.Body, body)
	if err == nil {
		_, err = io.Copy(io.Discard, in.Body) // only at its end does it say whether it was right
	}
	if err != nil {
		return worm.Ref{}, err
	}
	if err := ctx.Err(); err != nil {
		return worm.Ref{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.taken(in.Key) {
		return worm.Ref{}, worm.ErrExists
	}
	v := &version{body: body, digest: in.SHA256, lock: in.Lock}
	ref := b.add(in.Key, v)
	if in.Observed != nil {
		in.Observed(v.lock)
	}
	return ref, nil
}

// taken reports whether a key refuses to be created. The caller holds mu.
func (b *Bucket) taken(key string) bool {
	versions := b.objects[key]
	switch {
	case len(versions) == 0 || b.careless:
		return false
	case b.overMarkers:
		return !versions[len(versions)-1].marker
	}
	return true
}

// add puts a version on top of a key. The caller holds mu.
func (b *Bucket) add(key string, v *version) worm.Ref {
	b.versions++
	v.id, v.storedAt = strconv.Itoa(b.versions), b.clock().UTC()
	b.objects[key] = append(b.objects[key], v)
	b.folders.add(key)
	return worm.Ref{Key: key, Version: v.id}
}

// find returns a version and whether something lies over it. The caller holds mu.
func (b *Bucket) find(ref worm.Ref) (v *version, hidden bool, err error) {
	versions := b.objects[ref.Key]
	at := len(versions) - 1
	if ref.Version != "" {
		at = slices.IndexFunc(versions, func(v *version) bool { return v.id == ref.Version })
	}
	if at < 0 || versions[at].marker {
		return nil, false, worm.ErrNotFound
	}
	return versions[at], at < len(versions)-1, nil
}

// Open implements [worm.Driver].
func (b *Bucket) Open(ctx context.Context, ref worm.Ref) (io.ReadCloser, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	v, _, err := b.find(ref)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(bytes.NewReader(v.body)), ctx.Err()
}

// State implements [worm.Driver].
func (b *Bucket) State(ctx context.Context, ref worm.Ref) (worm.Object, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	v, hidden, err := b.find(ref)
	if err != nil {
		return worm.Object{}, err
	}
	return worm.Object{
		Ref: worm.Ref{Key: ref.Key, Version: v.id}, Size: int64(len(v.body)), SHA256: v.digest,
		Lock: v.lock, Hidden: hidden, StoredAt: v.storedAt,
	}, ctx.Err()
}

// List implements [worm.Driver].
func (b *Bucket) List(ctx context.Context, prefix string) iter.Seq2[worm.Entry, error] {
	return b.listing(ctx, prefix, false)
}

// ListHidden implements [worm.Driver].
func (b *Bucket) ListHidden(ctx context.Context, prefix string) iter.Seq2[worm.Entry, error] {
	return b.listing(ctx, prefix, true)
}

func (b *Bucket) listing(ctx context.Context, prefix string, hidden bool) iter.Seq2[worm.Entry, error] {
	return func(yield func(worm.Entry, error) bool) {
		for _, e := range b.entries(prefix, hidden) {
			if err := ctx.Err(); err != nil {
				yield(worm.Entry{}, err)
				return
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// entries returns the versions that are shown, or those that are not.
func (b *Bucket) entries(prefix string, hidden bool) []worm.Entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	var entries []worm.Entry
	for _, key := range b.folders.with(prefix) {
		for i, v := range b.objects[key] {
			if under := i < len(b.objects[key])-1; !v.marker && under == hidden {
				entries = append(entries, worm.Entry{Ref: worm.Ref{Key: key, Version: v.id}, Size: int64(len(v.body))})
			}
		}
	}
	return entries
}

// Extend implements [worm.Driver].
func (b *Bucket) Extend(ctx context.Context, ref worm.Ref, to retention.Lock) error {
	return b.relock(ctx, ref, func(have retention.Lock) (retention.Lock, error) {
		to.LegalHold = have.LegalHold
		if !to.Covers(have) {
			return have, fmt.Errorf("%w: %s", worm.ErrWouldWeaken, have)
		}
		return to, nil
	})
}

// SetLegalHold implements [worm.Driver].
func (b *Bucket) SetLegalHold(ctx context.Context, ref worm.Ref, on bool) error {
	return b.relock(ctx, ref, func(have retention.Lock) (retention.Lock, error) {
		have.LegalHold = on
		return have, nil
	})
}

func (b *Bucket) relock(ctx context.Context, ref worm.Ref, change func(retention.Lock) (retention.Lock, error)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	v, _, err := b.find(ref)
	if err != nil {
		return err
	}
	v.lock, err = change(v.lock)
	return err
}
