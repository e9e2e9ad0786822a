package worm_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// stalling is a bucket that answers, or does not, as it is told.
type stalling struct {
	worm.Driver
	answer func(ctx context.Context) error
}

func (d *stalling) State(ctx context.Context, ref worm.Ref) (worm.Object, error) {
	if err := d.answer(ctx); err != nil {
		return worm.Object{}, err
	}
	return d.Driver.State(ctx, ref)
}

func (d *stalling) Open(ctx context.Context, ref worm.Ref) (io.ReadCloser, error) {
	body, err := d.Driver.Open(ctx, ref)
	return stallingBody{body, func() error { return d.answer(ctx) }}, err
}

type stallingBody struct {
	io.ReadCloser
	answer func() error
}

func (b stallingBody) Read(into []byte) (int, error) {
	if err := b.answer(); err != nil {
		return 0, err
	}
	return b.ReadCloser.Read(into)
}

func (d *stalling) List(ctx context.Context, prefix string) iter.Seq2[worm.Entry, error] {
	return func(yield func(worm.Entry, error) bool) {
		for e, err := range d.Driver.List(ctx, prefix) {
			if err := d.answer(ctx); err != nil {
				yield(worm.Entry{}, err)
				return
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

func silence(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// withPatience runs a test in which time passes only when everybody waits, over a bucket
// with one object and a patience of ten seconds.
func withPatience(t *testing.T, test func(t *testing.T, ctx context.Context, s *worm.Store, d *stalling)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := &stalling{Driver: memworm.New(), answer: func(context.Context) error { return nil }}
		s, err := worm.New(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Put(t.Context(), "k", bytes.NewReader([]byte("x")), worm.Spec{Size: 1, SHA256: worm.Sum([]byte("x"))}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := worm.WithPatience(t.Context(), 10*time.Second)
		defer cancel()
		test(t, ctx, s, d)
	})
}

func state(ctx context.Context, s *worm.Store) error {
	_, err := s.State(ctx, worm.Ref{Key: "k"})
	return err
}

// A bucket that keeps silent ends the context in its time, and says why.
func TestPatienceEnds(t *testing.T) {
	withPatience(t, func(t *testing.T, ctx context.Context, s *worm.Store, d *stalling) {
		time.Sleep(7 * time.Second)
		if err := state(ctx, s); err != nil {
			t.Fatal(err)
		}
		d.answer = silence
		began := time.Now()
		if err := state(ctx, s); !errors.Is(err, context.Canceled) {
			t.Errorf("the request ended with %v", err)
		}
		if waited := time.Since(began); waited != 10*time.Second {
			t.Errorf("it waited for %v", waited)
		}
		if cause := context.Cause(ctx); !errors.Is(cause, worm.ErrUnavailable) || !errors.Is(cause, context.DeadlineExceeded) {
			t.Errorf("the cause is %v", cause)
		}
	})
}

// What takes long is not cut off as long as something comes back, and neither is a caller
// that asks for nothing.
func TestPatienceLasts(t *testing.T) {
	withPatience(t, func(t *testing.T, ctx context.Context, s *worm.Store, d *stalling) {
		d.answer = func(context.Context) error { time.Sleep(9 * time.Second); return nil }
		for range 20 {
			if err := state(ctx, s); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Hour)
		if err := state(ctx, s); err != nil {
			t.Error(err)
		}
	})
}

// Of two requests one is never answered: the silence begins with the last answer to the
// other.
func TestPatienceWithOneOfTwo(t *testing.T) {
	withPatience(t, func(t *testing.T, ctx context.Context, s *worm.Store, d *stalling) {
		var asked atomic.Int64
		d.answer = func(ctx context.Context) error {
			if asked.Add(1) == 1 {
				return silence(ctx)
			}
			return nil
		}
		began, ended := time.Now(), make(chan error)
		go func() { ended <- state(ctx, s) }()
		time.Sleep(6 * time.Second)
		if err := state(ctx, s); err != nil {
			t.Fatal(err)
		}
		<-ended
		if waited := time.Since(began); waited != 16*time.Second {
			t.Errorf("it waited for %v", waited)
		}
	})
}

// Being told again and again that the bucket cannot do it now is no answer.
func TestPatienceWithABusyBucket(t *testing.T) {
	withPatience(t, func(t *testing.T, ctx context.Context, s *worm.Store, d *stalling) {
		d.answer = func(context.Context) error { time.Sleep(time.Second); return worm.ErrUnavailable }
		asked := 0
		for ; ctx.Err() == nil && asked < 100; asked++ {
			_ = state(ctx, s)
		}
		if asked > 11 {
			t.Errorf("it was asked %d times", asked)
		}
	})
}

// A body and a listing are waited for part by part, and not while their reader is busy. A
// meter under the same context hears of them too: the body once, as it is asked for.
func TestPatienceWithParts(t *testing.T) {
	withPatience(t, func(t *testing.T, ctx context.Context, s *worm.Store, d *stalling) {
		ctx, meter := worm.WithMeter(ctx)
		d.answer = func(context.Context) error { time.Sleep(9 * time.Second); return nil }
		body, err := s.Open(ctx, worm.Ref{Key: "k"})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if b, err := io.ReadAll(body); err != nil || string(b) != "x" {
			t.Errorf("%q, %v", b, err)
		}
		for _, err := range s.List(ctx, "") {
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Hour)
		}
		if u := meter.Usage(); u != (worm.Usage{Requests: 2, RoundTrips: 2, Waited: 9 * time.Second, Bytes: 1}) {
			t.Errorf("measured %+v", u)
		}
		d.answer = silence
		for what, ask := range map[string]func(ctx context.Context) error{
			"a body": func(ctx context.Context) error {
				_, err := s.Read(ctx, worm.Ref{Key: "k"}, 10)
				return err
			},
			"a listing": func(ctx context.Context) error {
				for _, err := range s.List(ctx, "") {
					return err
				}
				return nil
			},
		} {
			ctx, cancel := worm.WithPatience(t.Context(), 10*time.Second)
			began := time.Now()
			if err := ask(ctx); !errors.Is(err, context.Canceled) || time.Since(began) != 10*time.Second {
				t.Errorf("%s: %v after %v", what, err, time.Since(began))
			}
			cancel()
		}
	})
}
