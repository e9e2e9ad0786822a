package linkage_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
)

// over opens an archive over a driver.
func over(t testing.TB, d worm.Driver, cfg archive.Config) *archive.Archive {
	t.Helper()
	store := wormtest.Store(t, d)
	a, err := archive.OpenStore(store, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

// folder reads a sample packet with exhibits.
func folder(t testing.TB, n int) archive.Packet {
	t.Helper()
	p, err := archive.ReadFolder(os.DirFS(fmt.Sprintf("%spacket-%02d", samples, n)))
	if err != nil {
		t.Fatal(err)
	}
	return p
}
