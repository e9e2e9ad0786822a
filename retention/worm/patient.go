package worm

import (
	"context"
	"io"
	"iter"

	"github.com/holdfast-archive/holdfast/retention"
)

// watched is a driver under the meters and the patience of the contexts it is called with.
func watched(d Driver) Driver { return patientDriver{meteredDriver{d}} }

// patientDriver tells the patience of a context what is asked and answered.
type patientDriver struct{ Driver }

func (d patientDriver) Create(ctx context.Context, in Creation) (ref Ref, err error) {
	p := patienceOf(ctx)
	if p == nil {
		return d.Driver.Create(ctx, in)
	}
	in.Body = sentBody{in.Body, p}
	p.asked(in.Size)
	defer func() { p.answered(in.Size, err) }()
	return d.Driver.Create(ctx, in)
}

// sentBody is read by a driver that has sent what it read before.
type sentBody struct {
	io.Reader
	patience *patience
}

func (b sentBody) Read(into []byte) (int, error) {
	n, err := b.Reader.Read(into)
	b.patience.moved(n)
	return n, err
}

func (d patientDriver) Open(ctx context.Context, ref Ref) (body io.ReadCloser, err error) {
	p := patienceOf(ctx)
	p.asked(0)
	defer func() { p.answered(0, err) }()
	body, err = d.Driver.Open(ctx, ref)
	if err != nil || p == nil {
		return body, err
	}
	return awaitedBody{body, p}, nil
}

// awaitedBody is a body whose every part is waited for.
type awaitedBody struct {
	io.ReadCloser
	patience *patience
}

func (b awaitedBody) Read(into []byte) (int, error) {
	b.patience.asked(0)
	n, err := b.ReadCloser.Read(into)
	b.patience.moved(n)
	b.patience.answered(0, err)
	return n, err
}

func (d patientDriver) State(ctx context.Context, ref Ref) (o Object, err error) {
	p := patienceOf(ctx)
	p.asked(0)
	defer func() { p.answered(0, err) }()
	return d.Driver.State(ctx, ref)
}

func (d patientDriver) List(ctx context.Context, prefix string) iter.Seq2[Entry, error] {
	return patienceOf(ctx).listing(d.Driver.List(ctx, prefix))
}

func (d patientDriver) ListHidden(ctx context.Context, prefix string) iter.Seq2[Entry, error] {
	return patienceOf(ctx).listing(d.Driver.ListHidden(ctx, prefix))
}

// listing waits for each entry, and not while somebody looks at one.
func (p *patience) listing(entries iter.Seq2[Entry, error]) iter.Seq2[Entry, error] {
	if p == nil {
		return entries
	}
	return func(yield func(Entry, error) bool) {
		p.asked(0)
		for e, err := range entries {
			p.answered(0, err)
			if !yield(e, err) {
				return
			}
			p.asked(0)
		}
		p.answered(0, nil)
	}
}

func (d patientDriver) Extend(ctx context.Context, ref Ref, to retention.Lock) (err error) {
	p := patienceOf(ctx)
	p.asked(0)
	defer func() { p.answered(0, err) }()
	return d.Driver.Extend(ctx, ref, to)
}

func (d patientDriver) SetLegalHold(ctx context.Context, ref Ref, on bool) (err error) {
	p := patienceOf(ctx)
	p.asked(0)
	defer func() { p.answered(0, err) }()
	return d.Driver.SetLegalHold(ctx, ref, on)
}
