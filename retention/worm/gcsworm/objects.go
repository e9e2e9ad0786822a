package gcsworm

import (
	"context"
	"errors"
	"io"
	"iter"
	"strconv"
	"strings"

	"cloud.google.com/go/storage"
	"google.golang.org/api/iterator"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// Open implements [worm.Driver].
func (d *driver) Open(ctx context.Context, ref worm.Ref) (io.ReadCloser, error) {
	o, err := d.object(ref)
	if err != nil {
		return nil, err
	}
	r, err := o.ReadCompressed(true).NewReader(ctx)
	if err != nil {
		return nil, classify(err)
	}
	return r, nil
}

// State implements [worm.Driver]. Of a generation asked for by its number it also
// asks whether the key still shows it: one request more.
func (d *driver) State(ctx context.Context, ref worm.Ref) (worm.Object, error) {
	attrs, err := d.attrs(ctx, ref)
	if err != nil {
		return worm.Object{}, err
	}
	o := worm.Object{
		Ref:      worm.Ref{Key: ref.Key, Version: strconv.FormatInt(attrs.Generation, 10)},
		Size:     attrs.Size,
		Lock:     lockOf(attrs),
		StoredAt: attrs.Created.UTC(),
	}
	if recorded, ok := attrs.Metadata[metaSHA256]; ok {
		if o.SHA256, err = worm.ParseDigest(recorded); err != nil {
			return worm.Object{}, errors.Join(worm.ErrCorrupt, err)
		}
	}
	if ref.Version == "" {
		return o, nil
	}
	shown, err := d.attrs(ctx, worm.Ref{Key: ref.Key})
	if err != nil && !errors.Is(err, worm.ErrNotFound) {
		return worm.Object{}, err
	}
	o.Hidden = err != nil || shown.Generation != attrs.Generation
	return o, nil
}

func (d *driver) attrs(ctx context.Context, ref worm.Ref) (*storage.ObjectAttrs, error) {
	o, err := d.object(ref)
	if err != nil {
		return nil, err
	}
	attrs, err := o.Attrs(ctx)
	return attrs, classify(err)
}

// List implements [worm.Driver].
func (d *driver) List(ctx context.Context, prefix string) iter.Seq2[worm.Entry, error] {
	return d.listing(ctx, &storage.Query{Prefix: d.prefix + prefix}, func(attrs *storage.ObjectAttrs) (worm.Ref, bool) {
		return worm.Ref{Key: strings.TrimPrefix(attrs.Name, d.prefix)}, true
	})
}

// ListHidden implements [worm.Driver].
func (d *driver) ListHidden(ctx context.Context, prefix string) iter.Seq2[worm.Entry, error] {
	return d.listing(ctx, &storage.Query{Prefix: d.prefix + prefix, Versions: true}, func(attrs *storage.ObjectAttrs) (worm.Ref, bool) {
		return worm.Ref{Key: strings.TrimPrefix(attrs.Name, d.prefix), Version: strconv.FormatInt(attrs.Generation, 10)}, !attrs.Deleted.IsZero()
	})
}

// listing yields what a query finds and pick picks.
func (d *driver) listing(ctx context.Context, q *storage.Query, pick func(*storage.ObjectAttrs) (worm.Ref, bool)) iter.Seq2[worm.Entry, error] {
	return func(yield func(worm.Entry, error) bool) {
		if err := q.SetAttrSelection([]string{"Name", "Size", "Generation", "Deleted"}); err != nil {
			yield(worm.Entry{}, err)
			return
		}
		for objects := d.bucket.Objects(ctx, q); ; {
			attrs, err := objects.Next()
			if errors.Is(err, iterator.Done) {
				return
			}
			if err != nil {
				yield(worm.Entry{}, classify(err))
				return
			}
			if ref, picked := pick(attrs); picked && !yield(worm.Entry{Ref: ref, Size: attrs.Size}, nil) {
				return
			}
		}
	}
}
