package worm_test

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"gocloud.dev/blob/memblob"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
)

var lock = retention.Lock{Mode: retention.Compliance, Until: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)}

func put(t testing.TB, s *worm.Store, key, body string, l retention.Lock) (worm.Stored, error) {
	return s.Put(t.Context(), key, strings.NewReader(body), worm.Spec{Size: int64(len(body)), SHA256: worm.Sum([]byte(body)), Lock: l})
}

func first(fault wormtest.Fault) func(wormtest.Op) wormtest.Fault {
	return func(op wormtest.Op) wormtest.Fault {
		if op.N == 1 {
			return fault
		}
		return wormtest.None
	}
}

// For each way in which a create can fail: what Put says of it, what is stored
// then, and that putting again completes it.
func TestPutUnderFaults(t *testing.T) {
	for fault, c := range map[wormtest.Fault]struct {
		want   error // nil is success
		stored bool
	}{
		wormtest.RefuseBefore:    {wormtest.ErrInjected, false},
		wormtest.ConflictBefore:  {worm.ErrConflict, false},
		wormtest.LostBefore:      {worm.ErrOutcomeUnknown, false},
		wormtest.LostAfter:       {nil, true},
		wormtest.LostThenRefused: {nil, true},
		wormtest.DelayedPastRead: {worm.ErrOutcomeUnknown, true},
	} {
		t.Run(fault.String(), func(t *testing.T) {
			b := memworm.New()
			s := wormtest.Store(t, &wormtest.Faulty{Driver: b, Plan: first(fault)})
			stored, err := put(t, s, "k", "body", lock)
			if !errors.Is(err, c.want) {
				t.Fatalf("put: %v, want %v", err, c.want)
			}
			if stored.Created {
				t.Error("it claims to have created what it only found")
			}
			if _, err := b.State(t.Context(), worm.Ref{Key: "k"}); (err == nil) != c.stored {
				t.Errorf("stored: %v, want %t", err, c.stored)
			}
			if again, err := put(t, s, "k", "body", lock); err != nil || again.Created == c.stored {
				t.Errorf("put again: %+v, %v", again, err)
			}
			if o, err := b.State(t.Context(), worm.Ref{Key: "k"}); err != nil || !o.Lock.Covers(lock) {
				t.Errorf("in the end it is under %s, %v", o.Lock, err)
			}
		})
	}
}

func TestUnknownOutcomeCarriesWhatResumes(t *testing.T) {
	s := wormtest.Store(t, &wormtest.Faulty{Driver: memworm.New(), Plan: first(wormtest.LostBefore)})
	_, err := put(t, s, "k", "body", lock)
	var unknown *worm.OutcomeUnknownError
	if !errors.As(err, &unknown) || unknown.Key != "k" || unknown.SHA256 != worm.Sum([]byte("body")) || !errors.Is(err, wormtest.ErrInjected) {
		t.Errorf("error %+v", err)
	}
}

// A lost reply over other bytes is no success.
func TestLostReplyOverOtherBytes(t *testing.T) {
	b := memworm.New()
	if _, err := put(t, wormtest.Store(t, b), "k", "theirs", lock); err != nil {
		t.Fatal(err)
	}
	for _, fault := range []wormtest.Fault{wormtest.LostBefore, wormtest.LostAfter} {
		s := wormtest.Store(t, &wormtest.Faulty{Driver: b, Plan: first(fault)})
		if _, err := put(t, s, "k", "ours", lock); !errors.Is(err, worm.ErrExists) {
			t.Errorf("%s: %v", fault, err)
		}
	}
}

// Strengthening what is there can fail as well, and is then no success.
func TestPutDoesNotClaimALockItCouldNotSet(t *testing.T) {
	for _, want := range []retention.Lock{lock, {LegalHold: true}} {
		b := memworm.New()
		if _, err := put(t, wormtest.Store(t, b), "k", "body", retention.Lock{}); err != nil {
			t.Fatal(err)
		}
		refuse := func(op wormtest.Op) wormtest.Fault {
			if op.Name == "create" {
				return wormtest.None
			}
			return wormtest.RefuseBefore
		}
		if _, err := put(t, wormtest.Store(t, &wormtest.Faulty{Driver: b, Plan: refuse}), "k", "body", want); !errors.Is(err, wormtest.ErrInjected) {
			t.Errorf("lock %s: %v", want, err)
		}
	}
}

// Under every fault, one writer owns each key.
func TestCrowdInEveryStorm(t *testing.T) {
	for _, fault := range wormtest.Faults() {
		t.Run(fault.String(), func(t *testing.T) {
			b := memworm.New()
			stormy := wormtest.Store(t, &wormtest.Faulty{Driver: b, Plan: wormtest.Sometimes(fault)})
			wormtest.Crowd(t, stormy, wormtest.Store(t, b), 64, 50, func() {})
		})
	}
}

// bare is a bucket without locks.
type bare struct{ worm.Driver }

func (bare) Capabilities(context.Context) (worm.Capabilities, error) {
	return worm.Capabilities{Retention: worm.Absent, LegalHold: worm.Absent}, nil
}

func TestBucketWithoutLocks(t *testing.T) {
	wormtest.Conformance(t, func(t *testing.T) wormtest.Fixture {
		return wormtest.Fixture{Store: wormtest.Store(t, bare{memworm.New()})}
	})
	s := wormtest.Store(t, bare{memworm.New()})
	stored, err := put(t, s, "k", "body", retention.Lock{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = put(t, s, "held", "body", retention.Lock{LegalHold: true})
	for what, err := range map[string]error{
		"extend": s.Extend(t.Context(), stored.Ref, lock), "hold": s.SetLegalHold(t.Context(), stored.Ref, true), "put under hold": err,
	} {
		if !errors.Is(err, worm.ErrUnsupported) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	for url, hint := range map[string]string{
		"gs://bucket": "mem); import", "bucket": "mem); import", "://": "missing protocol scheme", "s3://key:secret@bucket": "xxxxx",
	} {
		_, err := worm.Open(t.Context(), url)
		if err == nil || !strings.Contains(err.Error(), hint) || strings.Contains(err.Error(), "secret@") {
			t.Errorf("%s: %v; want a hint of %q", url, err, hint)
		}
	}
	b := memblob.OpenBucket(nil)
	defer b.Close()
	if _, err := worm.OpenBucket(t.Context(), b); !errors.Is(err, worm.ErrUnsupported) {
		t.Errorf("a bucket that no driver knows: %v", err)
	}
	defer func() {
		if recover() == nil {
			t.Error("a scheme was registered twice")
		}
	}()
	worm.Register("mem", worm.Opener{URL: func(context.Context, *url.URL) (worm.Driver, error) { return nil, nil }})
}

type unopenable struct {
	worm.Driver
	closed *bool
}

func (unopenable) Capabilities(context.Context) (worm.Capabilities, error) {
	return worm.Capabilities{}, errors.New("probe failed")
}

func (u unopenable) Close() error { *u.closed = true; return nil }

func TestNewClosesWhatItCannotProbe(t *testing.T) {
	closed := false
	if _, err := worm.New(t.Context(), unopenable{closed: &closed}); err == nil || !closed {
		t.Errorf("error %v, closed: %t", err, closed)
	}
}

func TestDigest(t *testing.T) {
	d := worm.Sum([]byte("body"))
	for _, bad := range []string{"", "00", strings.ToUpper(d.String()), d.String() + "0", "g" + d.String()[1:]} {
		if _, err := worm.ParseDigest(bad); err == nil {
			t.Errorf("%q was read as a digest", bad)
		}
	}
	text, err := d.MarshalText()
	var back worm.Digest
	if err := errors.Join(err, back.UnmarshalText(text)); err != nil || back != d || back.IsZero() {
		t.Errorf("%s came back as %s, %v", d, back, err)
	}
}

func FuzzCheckKey(f *testing.F) {
	for _, key := range []string{"a", "a/b", "..", "a//b", "\xff", ".x", `a\b`, "ギルド/x"} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		if worm.CheckKey(key) != nil {
			return
		}
		// What is allowed is stored and found, on the driver with the least room.
		if slices.Contains(strings.Split(key, "/"), "..") || strings.HasPrefix(key, "/") || strings.ContainsAny(key, "\x00\n\\") {
			t.Errorf("%q is allowed", key)
		}
		s := wormtest.Store(t, memworm.New())
		stored, err := put(t, s, key, "body", lock)
		if err != nil {
			t.Fatalf("%q: %v", key, err)
		}
		if ref, err := s.ParseURI(s.URI(stored.Ref)); err != nil || ref != stored.Ref {
			t.Errorf("%q: address %s leads to %v, %v", key, s.URI(stored.Ref), ref, err)
		}
	})
}
