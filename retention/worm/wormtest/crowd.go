package wormtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// Crowd has many goroutines put their own bytes under the same keys, through a
// store whose network fails, each until it knows its outcome; then settle lets
// what is still on the way arrive. calm is a store of the same bucket whose
// network does not fail.
//
// Exactly one writer may own a key: its bytes lie there, it was told of success,
// and everybody else was told that the key holds other content.
func Crowd(t *testing.T, stormy, calm *worm.Store, goroutines, keys int, settle func()) {
	t.Helper()
	type claim struct{ key, writer int }
	var mu sync.Mutex
	var wg sync.WaitGroup
	owners, refused := map[int][]int{}, map[claim]bool{}
	for writer := range goroutines {
		wg.Go(func() {
			for i := range keys {
				key := (i + writer) % keys
				err := putUntilKnown(t.Context(), stormy, crowdKey(key), crowdBody(writer))
				mu.Lock()
				switch {
				case err == nil:
					owners[key] = append(owners[key], writer)
				case errors.Is(err, worm.ErrExists):
					refused[claim{key, writer}] = true
				default:
					t.Errorf("writer %d at key %d: %v", writer, key, err)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	settle()
	for key := range keys {
		kept, err := calm.Read(t.Context(), worm.Ref{Key: crowdKey(key)}, 1000)
		if err != nil {
			t.Errorf("key %d: %v", key, err)
			continue
		}
		if len(owners[key]) != 1 || string(kept) != crowdBody(owners[key][0]) {
			t.Errorf("key %d holds %.20q, and writers %v believe it is theirs", key, kept, owners[key])
		}
		for writer := range goroutines {
			if crowdBody(writer) == string(kept) && refused[claim{key, writer}] {
				t.Errorf("key %d: writer %d was told that it lost, and its bytes are there", key, writer)
			}
		}
	}
}

func crowdKey(key int) string     { return fmt.Sprintf("crowd/%d", key) }
func crowdBody(writer int) string { return fmt.Sprintf("writer %d", writer) }

// putUntilKnown puts until the outcome is success or a plain no. Some networks
// never answer, so a try is given up soon; some machines are slow, so the next one
// is given longer.
func putUntilKnown(ctx context.Context, s *worm.Store, key, body string) error {
	for patience := time.Second; ; patience += patience / 4 {
		err := putBriefly(ctx, s, key, body, patience)
		if err == nil || errors.Is(err, worm.ErrExists) {
			return err
		}
		if patience > time.Minute {
			return fmt.Errorf("the last try was given %v: %w", patience, err)
		}
	}
}

func putBriefly(ctx context.Context, s *worm.Store, key, body string, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := s.Put(ctx, key, strings.NewReader(body), worm.Spec{Size: int64(len(body)), SHA256: worm.Sum([]byte(body))})
	return err
}
