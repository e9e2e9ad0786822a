package worm_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// lateBucket is what late:// opens, when it is there.
var lateBucket atomic.Pointer[worm.Driver]

func init() {
	worm.Register("late", worm.Opener{URL: func(context.Context, *url.URL) (worm.Driver, error) {
		if d := lateBucket.Load(); d != nil {
			return *d, nil
		}
		return nil, worm.ErrUnavailable
	}})
}

// lockless is a bucket that cannot lock.
type lockless struct{ worm.Driver }

func (lockless) Capabilities(context.Context) (worm.Capabilities, error) {
	return worm.Capabilities{Retention: worm.Absent, LegalHold: worm.Absent, Advice: "turn on object lock"}, nil
}

// A bucket that is opened late is used as soon as it answers, and not before; one that
// turns out not to lock is not used at all.
func TestOpenLate(t *testing.T) {
	put := func(s *worm.Store) error {
		body := "green"
		_, err := s.Put(t.Context(), "k", strings.NewReader(body), worm.Spec{Size: int64(len(body)), SHA256: worm.Sum([]byte(body))})
		return err
	}
	s := worm.OpenLate("late://bucket")
	if err := put(s); !errors.Is(err, worm.ErrUnavailable) {
		t.Errorf("before: %v", err)
	}
	if uri := s.URI(worm.Ref{Key: "k"}); uri != "" {
		t.Errorf("before: %s", uri)
	}
	if _, err := s.ParseURI("mem://bucket/k"); !errors.Is(err, worm.ErrUnavailable) {
		t.Errorf("before: %v", err)
	}
	for _, err := range s.List(t.Context(), "") {
		if !errors.Is(err, worm.ErrUnavailable) {
			t.Errorf("before: %v", err)
		}
	}
	var bucket worm.Driver = memworm.New()
	lateBucket.Store(&bucket)
	defer lateBucket.Store(nil)
	if err := put(s); err != nil {
		t.Errorf("after: %v", err)
	}
	if o, err := s.State(t.Context(), worm.Ref{Key: "k"}); err != nil || s.URI(o.Ref) == "" {
		t.Errorf("after: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}

	var bad worm.Driver = lockless{memworm.New()}
	lateBucket.Store(&bad)
	for range 2 {
		if err := put(worm.OpenLate("late://bucket")); !errors.Is(err, worm.ErrUnsupported) || !strings.Contains(err.Error(), "turn on object lock") {
			t.Errorf("a bucket without locks: %v", err)
		}
	}
}
