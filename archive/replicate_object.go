package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"

	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// copied is one object on its way.
type copied struct {
	row    exportlog.Row
	from   worm.Ref
	digest worm.Digest
	lock   retention.Lock // that the log promises
	kind   string         // content type
}

// export copies the objects of one export; the manifest last, for it vouches for the rest.
func (c *copying) export(ctx context.Context, manifests *manifestReader, row exportlog.Row, promised retention.Lock) error {
	e, err := manifests.evidence(ctx, row)
	var harm *NotConfirmedError
	if errors.As(err, &harm) {
		c.find(harm.Findings...)
		return nil
	}
	if err != nil {
		return err
	}
	for _, o := range e.Packet.Objects() {
		digest, err := worm.ParseDigest(o.SHA256)
		if err != nil {
			return err
		}
		if err := c.object(ctx, copied{row, c.replica.from.ref(o), digest, promised, contentType(path.Base(o.Subject))}); err != nil {
			return err
		}
	}
	hex, err := manifest.ParseReference(row.ContentIntegrityReference)
	if err != nil {
		return err
	}
	digest, err := worm.ParseDigest(hex)
	if err != nil {
		return err
	}
	return c.object(ctx, copied{row, worm.Ref{Key: rowManifest(row)}, digest, promised, manifest.MediaType})
}

// object copies one object, or makes the lock of the copy as strong as it should be.
func (c *copying) object(ctx context.Context, o copied) error {
	state, err := c.replica.from.store.State(ctx, o.from)
	if err != nil {
		return c.harm(o, err)
	}
	want := c.replica.to.lockable(retention.Stronger(state.Lock, o.lock))
	if c.is(o.from.Key, want) {
		return nil
	}
	to := c.replica.to.store
	have, err := to.State(ctx, worm.Ref{Key: o.from.Key})
	switch {
	case errors.Is(err, worm.ErrNotFound):
		err = c.put(ctx, o, state.Size, want)
	case err == nil:
		err = c.keep(ctx, o, have, want)
	}
	return c.harm(o, err)
}

// keep looks after an object that the copy has: left by a run that was cut off, or of an
// earlier row. One that may not be what it should is compared by its bytes.
func (c *copying) keep(ctx context.Context, o copied, have worm.Object, want retention.Lock) error {
	if have.SHA256.IsZero() {
		return c.put(ctx, o, have.Size, want)
	}
	if have.SHA256 != o.digest {
		return &worm.ExistsError{Ref: have.Ref, Have: have.SHA256, Want: o.digest}
	}
	if err := c.replica.to.persist(ctx, have.Ref.Key, func() error { return c.replica.to.store.Strengthen(ctx, have.Ref, want) }); err != nil {
		return err
	}
	c.note(o.from.Key, want, false, 0)
	return nil
}

// put streams an object from one bucket to the other.
func (c *copying) put(ctx context.Context, o copied, size int64, want retention.Lock) error {
	open := func() (io.ReadCloser, error) { return c.replica.from.store.Get(ctx, o.from, o.digest) }
	_, err := c.replica.to.put(ctx, o.from.Key, open, worm.Spec{Size: size, SHA256: o.digest, Lock: want, ContentType: o.kind})
	if err == nil {
		c.note(o.from.Key, want, true, size)
	}
	return err
}

// harm takes note of an object that is not what was exported; any other error is returned.
func (c *copying) harm(o copied, err error) error {
	switch {
	case errors.Is(err, worm.ErrExists):
		c.find(exportlog.Finding{Kind: CopyDiffers, Object: o.from.Key, ExportRowID: o.row.ExportRowID, Problem: fmt.Sprintf("the replica holds something else: %v", err)})
	case errors.Is(err, worm.ErrNotFound), errors.Is(err, worm.ErrCorrupt):
		c.find(exportlog.Finding{Kind: harmOf(err), Object: o.from.Key, ExportRowID: o.row.ExportRowID, Problem: fmt.Sprintf("it could not be copied: %v", err)})
	default:
		return err
	}
	return nil
}

func (c *copying) find(f ...exportlog.Finding) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.report.Findings = append(c.report.Findings, f...)
}

// is reports whether an object of the rows in hand was seen to already.
func (c *copying) is(key string, lock retention.Lock) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	had, ok := c.done[key]
	return ok && had.Covers(lock)
}

func (c *copying) note(key string, lock retention.Lock, created bool, size int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done[key] = lock
	if !created {
		c.report.Already++
		return
	}
	c.report.Objects++
	c.report.Bytes += size
}
