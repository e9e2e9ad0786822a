package relock

import (
	"errors"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

var errRefused = errors.New("refused")

func governed(year int) retention.Lock {
	return retention.Lock{Mode: retention.Governance, Until: time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)}
}

func TestExtend(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(store *retention.Lock, to retention.Lock) error
		want error
		sets int
	}{
		"as asked":                  {func(store *retention.Lock, to retention.Lock) error { *store = to; return nil }, nil, 1},
		"done, but refused":         {func(store *retention.Lock, to retention.Lock) error { *store = to; return errRefused }, nil, 1},
		"refused":                   {func(*retention.Lock, retention.Lock) error { return errRefused }, errRefused, 1},
		"overtaken by a longer one": {func(store *retention.Lock, _ retention.Lock) error { *store = governed(2060); return errRefused }, worm.ErrWouldWeaken, 1},
		"success, and no change":    {func(*retention.Lock, retention.Lock) error { return nil }, worm.ErrConflict, tries},
	} {
		store, sets := governed(2030), 0
		err := New().Extend("k", governed(2040), func() (retention.Lock, error) { return store, nil }, func(_, to retention.Lock) error {
			sets++
			return c.set(&store, to)
		})
		if !errors.Is(err, c.want) || sets != c.sets {
			t.Errorf("%s: %v after %d requests; want %v after %d", name, err, sets, c.want, c.sets)
		}
	}
}

// A weaker lock that lands after ours is replaced; the hold in force stays out of it.
func TestExtendIsSetAgain(t *testing.T) {
	store, sets := governed(2030), 0
	err := New().Extend("k", governed(2040), func() (retention.Lock, error) { return store, nil }, func(_, to retention.Lock) error {
		if sets++; sets == 1 {
			to = governed(2035)
			to.LegalHold = true
		}
		store = to
		return nil
	})
	if want := governed(2040); err != nil || !store.LegalHold || !store.Covers(want) || sets != 2 {
		t.Errorf("%v after %d requests, the lock is %s", err, sets, store)
	}
}

func TestHold(t *testing.T) {
	for name, c := range map[string]struct {
		takes   bool
		refused error
		want    error
	}{
		"set": {true, nil, nil}, "set, but refused": {true, errRefused, nil}, "refused": {false, errRefused, errRefused}, "success, and no change": {false, nil, worm.ErrOutcomeUnknown},
	} {
		var store retention.Lock
		err := New().Hold("k", true, func() (retention.Lock, error) { return store, nil }, func() error {
			store.LegalHold = c.takes
			return c.refused
		})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}
