package memworm

import (
	"bytes"
	"fmt"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// Overwrite puts a newer, unlocked version over a key, as anybody with write
// access can on a versioned bucket.
func (b *Bucket) Overwrite(key string, body []byte) worm.Ref {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.add(key, &version{body: bytes.Clone(body), digest: worm.Sum(body)})
}

// Hide puts a delete marker over a key.
func (b *Bucket) Hide(key string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.add(key, &version{marker: true})
}

// CreateOverMarkers lets keys be created anew whose object is hidden behind a
// delete marker, as some clouds do.
func (b *Bucket) CreateOverMarkers() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.overMarkers = true
}

// IgnoreConditions makes the bucket create over whatever a key holds, as a store
// does that does not know If-None-Match.
func (b *Bucket) IgnoreConditions() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.careless = true
}

// DeleteVersion removes one version for good, unless its lock holds: then it is
// [worm.ErrLocked].
func (b *Bucket) DeleteVersion(ref worm.Ref) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	v, _, err := b.find(ref)
	if err != nil {
		return fmt.Errorf("memworm: delete %s: %w", ref, err)
	}
	if v.lock.HeldAt(b.clock()) {
		return fmt.Errorf("memworm: delete %s: %w: %s", ref, worm.ErrLocked, v.lock)
	}
	b.remove(ref.Key, v)
	return nil
}

// Tamper changes the bytes that a key shows, lock or no lock, as a store that
// breaks its promise would.
func (b *Bucket) Tamper(key string, body []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	v, _, err := b.find(worm.Ref{Key: key})
	if err != nil {
		return fmt.Errorf("memworm: tamper with %s: %w", key, err)
	}
	v.body = bytes.Clone(body)
	return nil
}

// Drop loses what a key shows, lock or no lock, as a broken disk would.
func (b *Bucket) Drop(key string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	v, _, err := b.find(worm.Ref{Key: key})
	if err != nil {
		return fmt.Errorf("memworm: drop %s: %w", key, err)
	}
	b.remove(key, v)
	return nil
}

func (b *Bucket) remove(key string, v *version) {
	kept := b.objects[key][:0:0]
	for _, other := range b.objects[key] {
		if other != v {
			kept = append(kept, other)
		}
	}
	b.objects[key] = kept
	if len(kept) == 0 {
		delete(b.objects, key)
		b.folders.remove(key)
	}
}
