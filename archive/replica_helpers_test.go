package archive_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/fileworm"
)

var errFailing = errors.New("the network is down")

// failing is a bucket whose n-th write fails, and those after it do not.
type failing struct {
	worm.Driver
	at int

	mu     sync.Mutex
	writes int
}

func (f *failing) Create(ctx context.Context, in worm.Creation) (worm.Ref, error) {
	f.mu.Lock()
	f.writes++
	fails := f.writes == f.at
	f.mu.Unlock()
	if fails {
		return worm.Ref{}, errFailing
	}
	return f.Driver.Create(ctx, in)
}

// opened is an empty bucket in a directory.
func opened(t testing.TB) worm.Driver {
	t.Helper()
	d, err := fileworm.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return d
}
