//go:build unix

package fileworm_test

import (
	"net/url"
	"testing"

	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/fileworm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
)

func openStore(t testing.TB, dir, query string) *worm.Store {
	t.Helper()
	u := url.URL{Scheme: "file", Path: dir, RawQuery: query}
	store, err := worm.Open(t.Context(), u.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

func TestConformance(t *testing.T) {
	wormtest.Conformance(t, func(t *testing.T) wormtest.Fixture {
		dir := t.TempDir()
		return wormtest.Fixture{
			Store:  openStore(t, dir, ""),
			Reopen: func() *worm.Store { return openStore(t, dir, "") },
		}
	})
}

func TestConformanceUnderPrefix(t *testing.T) {
	wormtest.Conformance(t, func(t *testing.T) wormtest.Fixture {
		return wormtest.Fixture{Store: openStore(t, t.TempDir(), "prefix=team%20a/evidence/&create_dir=true")}
	})
}

// Under every fault, one writer owns each key.
func TestCrowdInEveryStorm(t *testing.T) {
	for _, fault := range wormtest.Faults() {
		t.Run(fault.String(), func(t *testing.T) {
			dir := t.TempDir()
			d, err := fileworm.New(dir)
			if err != nil {
				t.Fatal(err)
			}
			stormy, err := worm.New(t.Context(), &wormtest.Faulty{Driver: d, Plan: wormtest.Sometimes(fault)})
			if err != nil {
				t.Fatal(err)
			}
			defer stormy.Close()
			wormtest.Crowd(t, stormy, openStore(t, dir, ""), 64, 50, func() {})
		})
	}
}
