package memworm_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
)

func TestConformance(t *testing.T) {
	wormtest.Conformance(t, func(t *testing.T) wormtest.Fixture {
		b := memworm.New()
		return wormtest.Fixture{Store: wormtest.Store(t, b), Reopen: func() *worm.Store { return wormtest.Store(t, b) }}
	})
}

func put(t *testing.T, b *memworm.Bucket, key, body string, lock retention.Lock) worm.Ref {
	t.Helper()
	ref, err := b.Create(t.Context(), worm.Creation{Key: key, Body: reader(body), Size: int64(len(body)), SHA256: worm.Sum([]byte(body)), Lock: lock})
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// Locks are enforced to the moment they end.
func TestLocksEnd(t *testing.T) {
	b := memworm.New()
	now := time.Date(2026, 8, 4, 12, 0, 0, 0, time.UTC)
	b.SetClock(func() time.Time { return now })
	ref := put(t, b, "k", "body", retention.Lock{Mode: retention.Governance, Until: now.Add(time.Hour), LegalHold: true})
	if err := b.DeleteVersion(ref); !errors.Is(err, worm.ErrLocked) {
		t.Errorf("delete under retention and hold: %v", err)
	}
	now = now.Add(2 * time.Hour)
	if err := b.DeleteVersion(ref); !errors.Is(err, worm.ErrLocked) {
		t.Errorf("delete under hold alone: %v", err)
	}
	if err := b.SetLegalHold(t.Context(), ref, false); err != nil {
		t.Fatal(err)
	}
	if err := b.DeleteVersion(ref); err != nil {
		t.Errorf("delete when no lock holds: %v", err)
	}
	if _, err := b.State(t.Context(), ref); !errors.Is(err, worm.ErrNotFound) {
		t.Errorf("state after that: %v", err)
	}
}

// What hides a version does not touch it.
func TestVersionsOutliveWhatHidesThem(t *testing.T) {
	for name, hide := range map[string]func(b *memworm.Bucket){
		"delete marker": func(b *memworm.Bucket) { b.Hide("k") },
		"newer version": func(b *memworm.Bucket) { b.Overwrite("k", []byte("forged")) },
	} {
		b := memworm.New()
		store := wormtest.Store(t, b)
		ref := put(t, b, "k", "body", retention.Lock{})
		hide(b)
		if got, err := store.Read(t.Context(), ref, 10); err != nil || string(got) != "body" {
			t.Errorf("%s: the version reads %q, %v", name, got, err)
		}
		if o, err := store.State(t.Context(), ref); err != nil || !o.Hidden {
			t.Errorf("%s: state %+v, %v; want hidden", name, o, err)
		}
		for e, err := range store.ListHidden(t.Context(), "") {
			if err != nil || e.Ref != ref {
				t.Errorf("%s: hidden is %v, %v", name, e.Ref, err)
			}
		}
		if got, err := store.Read(t.Context(), worm.Ref{Key: "k"}, 10); err == nil && string(got) == "body" {
			t.Errorf("%s: the bare key still shows the version", name)
		}
		if _, err := b.Create(t.Context(), worm.Creation{Key: "k", Body: reader("x"), Size: 1}); !errors.Is(err, worm.ErrExists) {
			t.Errorf("%s: create: %v", name, err)
		}
	}
}

func TestOpenByURL(t *testing.T) {
	store, err := worm.Open(t.Context(), "mem://here")
	if err != nil {
		t.Fatal(err)
	}
	if got := store.URI(worm.Ref{Key: "a/b c", Version: "7"}); got != "mem://here/a/b%20c?versionId=7" {
		t.Errorf("URI %s", got)
	}
	if _, err := store.ParseURI("mem://there/a"); !errors.Is(err, worm.ErrForeignURI) {
		t.Errorf("an address of another bucket: %v", err)
	}
}

func reader(s string) *strings.Reader { return strings.NewReader(s) }
