package worm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
)

// Bulk is what a [Driver] also implements if it stores many small objects for less
// than one by one. Where syncing to disk is what a write costs, that is one sync for
// all of them.
type Bulk interface {
	// CreateAll does what Create does for each, under no lock, and returns what
	// became of each: nil only once its bytes and its name are durable. A name never
	// shows before its bytes are durable, so that whatever happens meanwhile leaves
	// an object whole or absent. The keys differ.
	CreateAll(ctx context.Context, in []Creation) []error
}

// Small is an object that is held in memory, and is under no lock.
type Small struct {
	Key         string
	Body        []byte
	ContentType string // as in Spec
}

// Bulk reports whether the driver has a way of its own to store many objects, so that
// [Store.PutAll] is worth gathering them for.
func (s *Store) Bulk() bool { return s.bulk != nil }

// PutAll puts small objects under different keys, without a lock, and returns what
// became of each, in their order: nil, or what [Store.Put] would have returned. They
// are stored in no order, and some may be stored when others are not.
//
// It is for what can be derived anew. A driver may keep less beside such an object than
// beside one that was Put: its State need not know a digest, and it need not take a lock
// afterwards. A driver that is not a [Bulk] puts them one after the other.
func (s *Store) PutAll(ctx context.Context, objects []Small) []error {
	errs := make([]error, len(objects))
	if s.bulk == nil {
		for i, o := range objects {
			_, errs[i] = s.Put(ctx, o.Key, bytes.NewReader(o.Body), o.spec())
		}
		return errs
	}
	var in []Creation
	var at []int // in objects
	for i, o := range objects {
		spec := o.spec()
		if errs[i] = s.allows(o.Key, spec.Lock); errs[i] == nil {
			in = append(in, Creation{Key: o.Key, Body: bytes.NewReader(o.Body), Size: spec.Size, SHA256: spec.SHA256, ContentType: spec.ContentType})
			at = append(at, i)
		}
	}
	for n, err := range s.createAll(ctx, in) {
		i := at[n]
		if errors.Is(err, ErrExists) || errors.Is(err, ErrOutcomeUnknown) {
			_, err = s.readBack(ctx, objects[i].Key, objects[i].spec(), err)
		}
		errs[i] = err
	}
	for i, err := range errs {
		if err != nil {
			errs[i] = fmt.Errorf("worm: put %s: %w", objects[i].Key, err)
		}
	}
	return errs
}

func (o Small) spec() Spec {
	return Spec{Size: int64(len(o.Body)), SHA256: Sum(o.Body), ContentType: o.ContentType}
}
