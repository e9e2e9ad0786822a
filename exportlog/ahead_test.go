package exportlog_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
)

// A writer that appends a block and dies leaves it to the writer of the next block, who
// need not append anything more.
func TestNextInLineDerivesWhatTheDeadLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := memworm.New()
		twoBlocks(t, b, func(key string) bool { return !strings.HasPrefix(key, "log/commits/") })
		time.Sleep(time.Minute)
		for prefix, want := range map[string]int{"log/head/": 2, "log/blocks/256/": 2, "log/by/packet/": 512, "log/by/batch/": 512} {
			if got := count(t, b, prefix); got != want {
				t.Errorf("%s holds %d objects, want %d", prefix, got, want)
			}
		}
	})
}

// Who waits for the block ahead is not kept by that from being closed.
func TestCloseWaitsForNoBlockAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := memworm.New()
		first, second := twoBlocks(t, b, func(key string) bool { return strings.HasPrefix(key, "log/head/") })
		started := time.Now()
		if err := second.Close(); err != nil {
			t.Error(err)
		}
		if took := time.Since(started); took > 200*time.Millisecond {
			t.Errorf("it took %s", took)
		}
		if err := first.Close(); err != nil {
			t.Error(err)
		}
		if got := count(t, b, "log/by/packet/"); got != 512 {
			t.Errorf("%d rows have entries, want 512", got)
		}
	})
}

// twoBlocks are two logs of a bucket that have appended a block each, in this order. What
// the first would write is refused where it is said to be.
func twoBlocks(t *testing.T, b *memworm.Bucket, refused func(key string) bool) (first, second *exportlog.Log) {
	t.Helper()
	dying := &wormtest.Faulty{Driver: b, Plan: func(op wormtest.Op) wormtest.Fault {
		if refused(op.Key) {
			return wormtest.RefuseBefore
		}
		return wormtest.None
	}}
	first, second = open(t, dying), open(t, b)
	appendBlock(t, first, "first")
	appendBlock(t, second, "second")
	return first, second
}

// appendBlock appends 256 rows in one commit.
func appendBlock(t *testing.T, l *exportlog.Log, name string) {
	t.Helper()
	var rows []exportlog.Row
	for i := range 256 {
		id := fmt.Sprintf("%s-%d", name, i)
		rows = append(rows, export(id, id))
	}
	if _, err := l.Append(t.Context(), rows...); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, b *memworm.Bucket, prefix string) (n int) {
	t.Helper()
	for _, err := range b.List(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}
