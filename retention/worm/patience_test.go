package worm_test

import (
	"bytes"
	"context"
	"errors"
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
