package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"path"

	"golang.org/x/sync/errgroup"

	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// parallelPackets bounds the packets that are stored at once.
const parallelPackets = 8

// storeObjects stores each packet and its exhibits under its lock, and notes
// where they lie.
func (a *Archive) storeObjects(ctx context.Context, b *batch) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallelPackets)
	for _, it := range b.items {
		g.Go(func() error { return a.storeItem(ctx, it) })
	}
	return g.Wait()
}

func (a *Archive) storeItem(ctx context.Context, it *item) error {
	stored, err := a.storeDocument(ctx, it)
	if err != nil {
		return it.packet.problem("", err)
	}
	a.place(&it.signed.Document, stored.Ref)
	it.signed.ArchiveURI = it.signed.Document.URI
	all := []worm.Stored{stored}
	for i, e := range it.exhibits {
		if stored, err = a.storeExhibit(ctx, it, e); err != nil {
			return it.packet.problem(fmt.Sprintf("exhibit %.80q", e.Name), err)
		}
		a.place(&it.signed.Exhibits[i], stored.Ref)
		all = append(all, stored)
	}
	if err := a.observe(ctx, it, all); err != nil {
		return it.packet.problem("", err)
	}
	return nil
}

// place notes where an object lies.
func (a *Archive) place(o *manifest.Object, ref worm.Ref) {
	o.Subject, o.URI = ref.Key, a.store.URI(ref)
}

func (a *Archive) storeDocument(ctx context.Context, it *item) (worm.Stored, error) {
	document := it.packet.document
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(document)), nil }
	return a.put(ctx, it.folder+it.packet.name, open,
		worm.Spec{Size: int64(len(document)), SHA256: it.sha256, Lock: it.decision.lock, ContentType: contentType(it.packet.name)})
}

// storeExhibit stores an exhibit in the packet's folder. A name that an earlier
// export of the same packet gave to other bytes is kept as it is, and this
// exhibit goes into a folder named after its own digest.
func (a *Archive) storeExhibit(ctx context.Context, it *item, e measured) (worm.Stored, error) {
	spec := worm.Spec{Size: e.size, SHA256: e.sha256, Lock: it.decision.lock, ContentType: contentType(e.Name)}
	stored, err := a.put(ctx, it.folder+"exhibits/"+e.segment, e.reopen, spec)
	if errors.Is(err, worm.ErrExists) {
		stored, err = a.put(ctx, it.folder+"exhibits-"+e.sha256.String()+"/"+e.segment, e.reopen, spec)
	}
	if errors.Is(err, worm.ErrCorrupt) {
		return worm.Stored{}, fmt.Errorf("%w: it changed while it was being exported: %w", ErrBadExhibit, err)
	}
	return stored, err
}

func contentType(name string) string {
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}
