package archive_test

import (
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
)

// A big exhibit goes in, is confirmed, and comes out, in memory that an eighth of it would
// fill. HOLDFAST_TEST_BIG=1 makes 2 GiB of its 256 MiB, in no more memory.
func TestBigExhibit(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 256 MiB")
	}
	const allowed = 32 << 20
	size := int64(8 * allowed)
	if os.Getenv("HOLDFAST_TEST_BIG") == "1" {
		size = 2 << 30
	}
	path := filepath.Join(t.TempDir(), "recording.mp4")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, size); err != nil { // sparse: the disk holds one copy, not two
		t.Fatal(err)
	}
	a := inDirectory(t, t.TempDir(), config(t))
	peak := watchHeap(t)
	receipt, err := a.Export(t.Context(), packet(t, "pp-1").With(archive.FileExhibit(path)))
	if err != nil {
		t.Fatal(err)
	}
	c, err := a.Confirm(t.Context(), receipt.Row)
	if err != nil || c.Bytes < size {
		t.Fatalf("confirmed %d bytes, %v", c.Bytes, err)
	}
	body, err := c.Evidence.Exhibit(t.Context(), "recording.mp4")
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	// What comes out is held to its digest, and an error if it is not that.
	if n, err := io.Copy(io.Discard, body); err != nil || n != size {
		t.Errorf("%d bytes came out, %v", n, err)
	}
	if grown := peak(); grown > allowed {
		t.Errorf("the heap grew by %d MiB, allowed are %d", grown>>20, allowed>>20)
	} else {
		t.Logf("the heap grew by %d KiB at most", grown>>10)
	}
}

// watchHeap samples the heap until the function it returns is called, which gives
// the most that it grew.
func watchHeap(t testing.TB) func() uint64 {
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	runtime.GC()
	start, most, stop, stopped := heap(), uint64(0), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			most = max(most, heap())
			select {
			case <-stop:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	return func() uint64 {
		close(stop)
		<-stopped
		return max(most, start) - start
	}
}
