package worm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/holdfast-archive/holdfast/retention"
)

// OpenLate is [Open] for a bucket that does not answer yet. Nothing is asked of it
// now: each request opens it first, until one succeeds, and those that do not are
// errors that match [ErrUnavailable] or say what is wrong.
//
// What the bucket can do is not known before, so the store takes it for one that
// enforces locks. If it turns out that it does not, every request is
// [ErrUnsupported]: open it anew, now that it answers.
func OpenLate(rawURL string) *Store {
	d := &lateDriver{open: func(ctx context.Context) (Driver, error) { return openDriver(ctx, rawURL) }, turn: make(chan struct{}, 1)}
	return &Store{driver: watchedDriver{d}, caps: lateCapabilities}
}

var lateCapabilities = Capabilities{Versions: true, Retention: Enforced, LegalHold: Enforced}

// lateDriver opens the driver below it when it is first used.
type lateDriver struct {
	open   func(ctx context.Context) (Driver, error)
	turn   chan struct{} // held by whoever opens, or looks
	opened Driver
	unfit  error // why the bucket is not used, now that it is known
}

// driver is the driver below, opened.
func (d *lateDriver) driver(ctx context.Context) (Driver, error) {
	select {
	case d.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-d.turn }()
	if d.opened != nil || d.unfit != nil {
		return d.opened, d.unfit
	}
	opened, err := d.open(ctx)
	if err != nil {
		return nil, fmt.Errorf("the bucket is still not open: %w", err)
	}
	caps, err := opened.Capabilities(ctx)
	switch {
	case err != nil:
		return nil, errors.Join(fmt.Errorf("the bucket is still not open: probe it: %w", err), opened.Close())
	case caps.Retention == Absent, caps.LegalHold == Absent:
		d.unfit = errors.Join(fmt.Errorf("%w: the bucket cannot lock, as was hoped when it did not answer; open it anew: %s", ErrUnsupported, caps.Advice), opened.Close())
		return nil, d.unfit
	}
	d.opened = opened
	return opened, nil
}

// known is the driver below if it is open already; nil if not.
func (d *lateDriver) known() Driver {
	d.turn <- struct{}{}
	defer func() { <-d.turn }()
	return d.opened
}

func (d *lateDriver) Capabilities(context.Context) (Capabilities, error) {
	return lateCapabilities, nil
}

func (d *lateDriver) Create(ctx context.Context, in Creation) (Ref, error) {
	below, err := d.driver(ctx)
	if err != nil {
		return Ref{}, err
	}
	return below.Create(ctx, in)
}

func (d *lateDriver) Open(ctx context.Context, ref Ref) (io.ReadCloser, error) {
	below, err := d.driver(ctx)
	if err != nil {
		return nil, err
	}
	return below.Open(ctx, ref)
}

func (d *lateDriver) State(ctx context.Context, ref Ref) (Object, error) {
	below, err := d.driver(ctx)
	if err != nil {
		return Object{}, err
	}
	return below.State(ctx, ref)
}

func (d *lateDriver) List(ctx context.Context, prefix string) iter.Seq2[Entry, error] {
	return d.listing(ctx, func(below Driver) iter.Seq2[Entry, error] { return below.List(ctx, prefix) })
}

func (d *lateDriver) ListHidden(ctx context.Context, prefix string) iter.Seq2[Entry, error] {
	return d.listing(ctx, func(below Driver) iter.Seq2[Entry, error] { return below.ListHidden(ctx, prefix) })
}

func (d *lateDriver) listing(ctx context.Context, list func(Driver) iter.Seq2[Entry, error]) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		below, err := d.driver(ctx)
		if err != nil {
			yield(Entry{}, err)
			return
		}
		list(below)(yield)
	}
}

func (d *lateDriver) Extend(ctx context.Context, ref Ref, to retention.Lock) error {
	below, err := d.driver(ctx)
	if err != nil {
		return err
	}
	return below.Extend(ctx, ref, to)
}

func (d *lateDriver) SetLegalHold(ctx context.Context, ref Ref, on bool) error {
	below, err := d.driver(ctx)
	if err != nil {
		return err
	}
	return below.SetLegalHold(ctx, ref, on)
}

// URI is empty while the bucket is not open: nothing has been stored that it could
// be the address of.
func (d *lateDriver) URI(ref Ref) string {
	if below := d.known(); below != nil {
		return below.URI(ref)
	}
	return ""
}

func (d *lateDriver) ParseURI(uri string) (Ref, error) {
	if below := d.known(); below != nil {
		return below.ParseURI(uri)
	}
	return Ref{}, fmt.Errorf("%w: the bucket is not open yet", ErrUnavailable)
}

func (d *lateDriver) Close() error {
	if below := d.known(); below != nil {
		return below.Close()
	}
	return nil
}
