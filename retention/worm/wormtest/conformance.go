package wormtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// Fixture is an empty bucket to test.
type Fixture struct {
	Store *worm.Store

	// Reopen opens the same bucket again, as another process would. It may be
	// nil where a bucket cannot be opened twice.
	Reopen func() *worm.Store
}

// Conformance runs the suite, and logs how many checks it made. Each part asks open
// for an empty bucket of its own.
func Conformance(t *testing.T, open func(t *testing.T) Fixture) {
	checks := int64(0)
	for _, part := range []struct {
		name string
		test func(t *suite)
	}{
		{"create only", createOnly},
		{"bodies that are not what was said", badBodies},
		{"sizes", sizes},
		{"reading", reading},
		{"keys", keys},
		{"bad keys", badKeys},
		{"listing", listing},
		{"addresses", addresses},
		{"locks", locks},
		{"locks only grow", locksOnlyGrow},
		{"legal hold", legalHold},
		{"putting again strengthens", strengthening},
		{"ended contexts", endedContexts},
		{"many at once", many},
		{"writers of many race", manyRace},
		{"writers race", writersRace},
		{"locks race", locksRace},
		{"reopening", reopening},
	} {
		t.Run(part.name, func(t *testing.T) {
			f := open(t)
			t.Cleanup(func() { f.Store.Close() })
			s := &suite{T: t, Fixture: f, store: f.Store}
			defer func() { checks += s.checks.Load() }()
			part.test(s)
		})
	}
	t.Logf("conformance: %d checks", checks)
}

// suite is one part's test with its bucket.
type suite struct {
	*testing.T
	Fixture
	store  *worm.Store
	checks atomic.Int64
}

// until is when the suite's locks end: soon, for on a real cloud nobody can end them
// earlier. It is whole seconds, as every cloud keeps it.
var until = time.Now().UTC().Add(20 * time.Minute).Truncate(time.Second)

// later is some minutes after until.
func later(minutes int) time.Time { return until.Add(time.Duration(minutes) * time.Minute) }

func (s *suite) put(key, body string, lock retention.Lock) (worm.Stored, error) {
	return s.store.Put(s.Context(), key, strings.NewReader(body), specOf(body, lock))
}

func specOf(body string, lock retention.Lock) worm.Spec {
	return worm.Spec{Size: int64(len(body)), SHA256: worm.Sum([]byte(body)), Lock: lock}
}

func (s *suite) mustPut(key, body string, lock retention.Lock) worm.Ref {
	s.Helper()
	s.checks.Add(1)
	stored, err := s.put(key, body, lock)
	if err != nil {
		s.Fatalf("put %s: %v", key, err)
	}
	return stored.Ref
}

func (s *suite) wantBody(store *worm.Store, ref worm.Ref, want string) {
	s.Helper()
	s.checks.Add(1)
	body, err := store.Get(s.Context(), ref, worm.Sum([]byte(want)))
	if err != nil {
		s.Errorf("get %s: %v", ref, err)
		return
	}
	defer body.Close()
	if got, err := io.ReadAll(body); err != nil || string(got) != want {
		s.Errorf("get %s: %d bytes (%v), want %d", ref, len(got), err, len(want))
	}
}

func (s *suite) wantAbsent(key string) {
	s.Helper()
	s.checks.Add(1)
	if _, err := s.store.State(s.Context(), worm.Ref{Key: key}); !errors.Is(err, worm.ErrNotFound) {
		s.Errorf("state of %s: %v, want ErrNotFound", key, err)
	}
	if _, err := s.store.Read(s.Context(), worm.Ref{Key: key}, 10); !errors.Is(err, worm.ErrNotFound) {
		s.Errorf("read %s: %v, want ErrNotFound", key, err)
	}
	for e, err := range s.store.List(s.Context(), "") {
		if err != nil || e.Ref.Key == key {
			s.Errorf("listed %s (%v), which should not be there", e.Ref, err)
		}
	}
}

func (s *suite) wantError(what string, err, want error) {
	s.Helper()
	s.checks.Add(1)
	if !errors.Is(err, want) {
		s.Errorf("%s: error %v, want one that matches %q", what, err, want)
	}
}

func createOnly(s *suite) {
	first, err := s.put("a/b", "one", retention.Lock{})
	if err != nil || !first.Created || first.Ref.Key != "a/b" {
		s.Fatalf("first put: %+v, %v", first, err)
	}
	again, err := s.put("a/b", "one", retention.Lock{})
	if err != nil || again.Created || again.Ref != first.Ref {
		s.Errorf("the same again: %+v, %v; want the first, not created", again, err)
	}
	_, err = s.put("a/b", "two", retention.Lock{})
	s.wantError("other bytes", err, worm.ErrExists)
	var exists *worm.ExistsError
	if !errors.As(err, &exists) || exists.Have != worm.Sum([]byte("one")) || exists.Want != worm.Sum([]byte("two")) {
		s.Errorf("other bytes: %v; want an ExistsError with both digests", err)
	}
	s.wantBody(s.store, first.Ref, "one")
	s.wantBody(s.store, worm.Ref{Key: "a/b"}, "one")
}

func badBodies(s *suite) {
	spec := specOf("body", retention.Lock{})
	for name, body := range map[string]io.Reader{
		"short":   strings.NewReader("bod"),
		"long":    strings.NewReader("body and more"),
		"empty":   strings.NewReader(""),
		"changed": strings.NewReader("bodx"),
		"broken":  io.MultiReader(strings.NewReader("bo"), failing{}),
	} {
		key := "bad/" + name
		_, err := s.store.Put(s.Context(), key, body, spec)
		if name == "broken" {
			s.wantError(name, err, errBroken)
		} else {
			s.wantError(name, err, worm.ErrCorrupt)
		}
		s.wantAbsent(key)
		s.mustPut(key, "body", retention.Lock{}) // nothing is left in the way
	}
	if _, err := s.store.Put(s.Context(), "no-digest", strings.NewReader("x"), worm.Spec{Size: 1}); err == nil {
		s.Error("a put without a digest succeeded")
	}
}

var errBroken = errors.New("broken body")

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errBroken }

func sizes(s *suite) {
	for _, size := range []int{0, 1, 4095, 1 << 20, 5<<20 + 3} {
		key, body := fmt.Sprintf("size/%d", size), string(bytes.Repeat([]byte("holdfast"), size/8+1)[:size])
		ref := s.mustPut(key, body, retention.Lock{})
		s.wantBody(s.store, ref, body)
		o, err := s.store.State(s.Context(), ref)
		if err != nil || o.Size != int64(size) || o.Hidden {
			s.Errorf("state of %d bytes: %+v, %v", size, o, err)
		}
		if !o.SHA256.IsZero() && o.SHA256 != worm.Sum([]byte(body)) {
			s.Errorf("state of %d bytes has sha256 %s", size, o.SHA256)
		}
		if age := time.Since(o.StoredAt); age < -time.Hour || age > time.Hour {
			s.Errorf("state of %d bytes: stored at %s", size, o.StoredAt)
		}
	}
}

func reading(s *suite) {
	ref := s.mustPut("k", "body", retention.Lock{})
	body, err := s.store.Get(s.Context(), ref, worm.Sum([]byte("other")))
	if err == nil {
		_, err = io.ReadAll(body)
		body.Close()
	}
	s.wantError("get with another digest", err, worm.ErrCorrupt)
	if _, err := s.store.Get(s.Context(), ref, worm.Digest{}); err == nil {
		s.Error("get without a digest succeeded")
	}
	if b, err := s.store.Read(s.Context(), ref, 4); err != nil || string(b) != "body" {
		s.Errorf("read within the limit: %q, %v", b, err)
	}
	if _, err := s.store.Read(s.Context(), ref, 3); err == nil {
		s.Error("read beyond the limit succeeded")
	}
	s.wantAbsent("absent")
	s.wantAbsent("k/below-an-object")
	_, err = s.store.State(s.Context(), worm.Ref{Key: "k", Version: "no-such-version"})
	s.wantError("state of a version that is not there", err, worm.ErrNotFound)
}

func endedContexts(s *suite) {
	ended, cancel := context.WithCancel(s.Context())
	cancel()
	_, err := s.store.Put(ended, "k", strings.NewReader("body"), specOf("body", retention.Lock{}))
	s.wantError("put", err, context.Canceled)
	s.wantAbsent("k")
	for _, err := range s.store.List(ended, "") {
		s.wantError("list", err, context.Canceled)
	}
}

func reopening(s *suite) {
	if s.Reopen == nil {
		s.Skip("this bucket cannot be opened twice")
	}
	lock := retention.Lock{}
	if s.store.Capabilities().Retention != worm.Absent {
		lock = retention.Lock{Mode: retention.Governance, Until: until}
	}
	ref := s.mustPut("a/b/c", "body", lock)
	other := s.Reopen()
	defer other.Close()
	s.wantBody(other, ref, "body")
	o, err := other.State(s.Context(), ref)
	if err != nil || !o.Lock.Covers(lock) {
		s.Errorf("state after reopening: %+v, %v; want lock %s", o, err, lock)
	}
	if parsed, err := other.ParseURI(s.store.URI(ref)); err != nil || parsed != ref {
		s.Errorf("the address, read after reopening: %v, %v", parsed, err)
	}
}
