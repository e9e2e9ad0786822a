package worm_test

import (
	"bytes"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
)

// Requests that wait for each other are round trips, those at the same time are one, and
// nothing is measured but what the context asks for.
func TestMeter(t *testing.T) {
	b := memworm.New()
	fill := func(t *testing.T, s *worm.Store, n int) {
		body := []byte("0123456789")
		if _, err := s.Put(t.Context(), fmt.Sprintf("k/%04d", n), bytes.NewReader(body), worm.Spec{Size: 10, SHA256: worm.Sum(body)}); err != nil {
			t.Error(err)
		}
	}
	plain, err := worm.New(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 2000 {
		fill(t, plain, n)
	}
	synctest.Test(t, func(t *testing.T) {
		const latency = 10 * time.Millisecond
		m := &wormtest.Metered{Driver: b, Latency: latency}
		s, err := worm.New(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		ctx, meter := worm.WithMeter(t.Context())
		read := func(n int) error {
			_, err := s.Read(ctx, worm.Ref{Key: fmt.Sprintf("k/%04d", n)}, 100)
			return err
		}
		want := func(what string, want worm.Usage) {
			t.Helper()
			if got := meter.Usage(); got != want {
				t.Errorf("%s: %+v, want %+v", what, got, want)
			}
		}
		want("nothing", worm.Usage{})
		var g errgroup.Group
		for n := range 5 {
			g.Go(func() error { return read(n) })
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		want("five at once", worm.Usage{Requests: 5, RoundTrips: 1, Waited: latency, Bytes: 50})
		for n := range 3 {
			if err := read(n); err != nil {
				t.Fatal(err)
			}
		}
		want("and three", worm.Usage{Requests: 8, RoundTrips: 4, Waited: 4 * latency, Bytes: 80})
		fill(t, s, 9999) // under another context
		for e, err := range s.List(ctx, "k/") {
			if err != nil {
				t.Fatal(err)
			}
			if e.Ref.Key == "k/1500" {
				break
			}
			if e.Ref.Key == "k/0000" {
				if _, err := s.State(ctx, e.Ref); err != nil {
					t.Fatal(err)
				}
			}
		}
		want("a listing of two pages, with a request in between", worm.Usage{Requests: 11, RoundTrips: 7, Waited: 7 * latency, Bytes: 80})
		for range s.List(ctx, "nothing/") {
			t.Error("there is something")
		}
		want("a listing of nothing", worm.Usage{Requests: 12, RoundTrips: 8, Waited: 8 * latency, Bytes: 80})
		if got := meter.Usage().Latency(); got != latency {
			t.Errorf("latency %s", got)
		}
	})
	if (worm.Usage{}).Latency() != 0 {
		t.Error("nothing took something")
	}
}
