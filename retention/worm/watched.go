package worm

import (
	"context"
	"io"
	"iter"
	"time"

	"github.com/holdfast-archive/holdfast/retention"
)

// listeners hear what is asked of a bucket under a context, what is answered, and what
// moves meanwhile. Either may be nil, and then hears nothing.
type listeners struct {
	meter    *Meter
	patience *patience
}

func listening(ctx context.Context) listeners {
	return listeners{meterOf(ctx), patienceOf(ctx)}
}

func (l listeners) none() bool { return l == listeners{} }

// request is one that is under way, with a body of so many bytes.
type request struct {
	listeners
	body  int64
	began time.Time
}

func (l listeners) asked(body int64) request {
	l.patience.asked(body)
	return request{l, body, time.Now()}
}

// answered is told how the request ended, where its caller will read it.
func (r request) answered(err *error) {
	r.meter.answered(r.began)
	r.patience.answered(r.body, *err)
}

// watchedDriver tells the listeners of the contexts it is called with.
type watchedDriver struct{ Driver }

func (d watchedDriver) Create(ctx context.Context, in Creation) (_ Ref, err error) {
	l := listening(ctx)
	if !l.none() {
		in.Body = watchedBody{Reader: in.Body, listeners: l}
	}
	defer l.asked(in.Size).answered(&err)
	return d.Driver.Create(ctx, in)
}

// createAll tells of what is created together: a request for each, in one round trip. It
// is not waited for, since a disk that keeps silent would not see a context's end either.
func (s *Store) createAll(ctx context.Context, in []Creation) []error {
	m, began := meterOf(ctx), time.Now()
	errs := s.bulk.CreateAll(ctx, in)
	for i := range in {
		m.answered(began)
		if errs[i] == nil {
			m.moved(int(in[i].Size))
		}
	}
	return errs
}

func (d watchedDriver) Open(ctx context.Context, ref Ref) (_ io.ReadCloser, err error) {
	l := listening(ctx)
	defer l.asked(0).answered(&err)
	body, err := d.Driver.Open(ctx, ref)
	if err != nil || l.none() {
		return body, err
	}
	return watchedBody{body, body, l}, nil
}

// watchedBody is one that comes, and is waited for a part at a time; or one that goes,
// which a driver reads on in once it has sent what it read before.
type watchedBody struct {
	io.Reader
	io.Closer
	listeners
}

func (b watchedBody) Read(into []byte) (int, error) {
	b.patience.asked(0)
	n, err := b.Reader.Read(into)
	b.meter.moved(n)
	b.patience.moved(n)
	b.patience.answered(0, err)
	return n, err
}

func (d watchedDriver) State(ctx context.Context, ref Ref) (_ Object, err error) {
	defer listening(ctx).asked(0).answered(&err)
	return d.Driver.State(ctx, ref)
}

func (d watchedDriver) List(ctx context.Context, prefix string) iter.Seq2[Entry, error] {
	return listening(ctx).listing(d.Driver.List(ctx, prefix))
}

func (d watchedDriver) ListHidden(ctx context.Context, prefix string) iter.Seq2[Entry, error] {
	return listening(ctx).listing(d.Driver.ListHidden(ctx, prefix))
}

// page is how many keys a cloud lists in one request.
const page = 1000

// listing waits for each entry, and not while somebody looks at one. The first of each
// page is what answers a request.
func (l listeners) listing(entries iter.Seq2[Entry, error]) iter.Seq2[Entry, error] {
	if l.none() {
		return entries
	}
	return func(yield func(Entry, error) bool) {
		n, next := 0, l.asked(0)
		for e, err := range entries {
			if n%page == 0 {
				l.meter.answered(next.began)
			}
			l.patience.answered(0, err)
			n++
			if !yield(e, err) {
				return
			}
			next = l.asked(0)
		}
		if n == 0 {
			l.meter.answered(next.began)
		}
		l.patience.answered(0, nil)
	}
}

func (d watchedDriver) Extend(ctx context.Context, ref Ref, to retention.Lock) (err error) {
	defer listening(ctx).asked(0).answered(&err)
	return d.Driver.Extend(ctx, ref, to)
}

func (d watchedDriver) SetLegalHold(ctx context.Context, ref Ref, on bool) (err error) {
	defer listening(ctx).asked(0).answered(&err)
	return d.Driver.SetLegalHold(ctx, ref, on)
}
