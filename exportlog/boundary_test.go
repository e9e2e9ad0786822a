package exportlog_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
)

// A writer that dies while it derives, at whatever write, leaves a log that reads
// right, and that the next writer completes to the same objects.
func TestFailureCrashAtBlockBoundary(t *testing.T) {
	synctest.Test(t, crashAtBlockBoundary) // retries are waited for
}

func crashAtBlockBoundary(t *testing.T) {
	const rows = 520
	write := func(d worm.Driver) error {
		l := openWithoutCleanup(t, d)
		for n := 0; n < rows; n += 65 { // boundaries fall within commits
			batch := make([]exportlog.Row, 65)
			for i := range batch {
				batch[i] = numbered(n + i + 1)
			}
			if _, err := l.Append(t.Context(), batch...); err != nil {
				return err
			}
		}
		return errors.Join(l.Seal(t.Context()), l.Close()) // who is dead writes nothing at closing, either
	}
	peaceful := memworm.New()
	counting := &wormtest.Faulty{Driver: peaceful}
	if err := write(counting); err != nil {
		t.Fatal(err)
	}
	want := keysOf(t, peaceful)
	boundary := func(key string) bool {
		return strings.HasPrefix(key, "log/tile/") || strings.HasPrefix(key, "log/blocks/") || strings.HasPrefix(key, "log/head/") || strings.HasSuffix(key, "256.json") || strings.HasSuffix(key, "257.json")
	}
	var points int
	for _, key := range want {
		if !boundary(key) {
			continue
		}
		points++
		b := memworm.New()
		dead := false // a dead process writes nothing any more
		dying := &wormtest.Faulty{Driver: b, Plan: func(op wormtest.Op) wormtest.Fault {
			if op.Key == key {
				dead = true
			}
			if dead && !strings.HasPrefix(op.Key, "log/commits/") {
				return wormtest.RefuseBefore
			}
			return wormtest.None
		}}
		if err := write(serial(dying)); err == nil {
			t.Fatalf("nobody died at %s", key)
		}
		next := open(t, b)
		for _, n := range []int{1, 256, 257, 512, 513, 520} {
			if found, err := next.Find(t.Context(), exportlog.Query{PromotionPacketID: fmt.Sprintf("pp-%d", n)}); err != nil || len(found) != 1 {
				t.Errorf("dead at %s: packet %d found %v, %v", key, n, ids(found), err)
			}
		}
		if err := next.Seal(t.Context()); err != nil {
			t.Errorf("dead at %s: %v", key, err)
		}
		if got := keysOf(t, b); !slices.Equal(got, want) {
			t.Errorf("dead at %s: %d objects, want %d", key, len(got), len(want))
		}
		wantRows(t, b, rows)
	}
	if points < 10 {
		t.Errorf("died at %d points only", points)
	}
}

func keysOf(t *testing.T, b *memworm.Bucket) []string {
	t.Helper()
	var keys []string
	for e, err := range b.List(t.Context(), "log/") {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, e.Ref.Key)
	}
	return keys
}
