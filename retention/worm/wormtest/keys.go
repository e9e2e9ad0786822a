package wormtest

import (
	"slices"
	"strings"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// hostile are keys that are allowed, and that careless drivers get wrong.
var hostile = []string{
	"a", "b/c", "b-c", "b.c", "b/c.d/e", "b0", "with space/and  two", "%2E%2E%2Fup", "100%", "a+b&c=d", "q?x#y", "k?versionId=7", "k#7",
	"ギルド/ÉVÉNEMENTS", "quote'\"`$(x)", "trailing.", "~/tilde", "-rf", "semi;colon", "e\u0301 combining", "UPPER/lower",
	strings.Repeat("long", 50), strings.Repeat("d/", 60) + "deep",
}

func keys(s *suite) {
	for _, key := range hostile {
		s.mustPut(key, "body of "+key, retention.Lock{})
	}
	for _, key := range hostile {
		s.wantBody(s.store, worm.Ref{Key: key}, "body of "+key)
	}
	if got, want := s.list(""), slices.Sorted(slices.Values(hostile)); !slices.Equal(got, want) {
		s.Errorf("listed %q, want %q", got, want)
	}
}

func (s *suite) list(prefix string) []string {
	s.Helper()
	s.checks.Add(1)
	var all []string
	for e, err := range s.store.List(s.Context(), prefix) {
		if err != nil {
			s.Fatalf("list %q: %v", prefix, err)
		}
		all = append(all, e.Ref.Key)
	}
	return all
}

func badKeys(s *suite) {
	for _, key := range []string{
		"", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/.hidden", ".staging/x", "a\x00b", "a\nb", `a\b`, "\xff",
		strings.Repeat("x", worm.MaxSegmentBytes+1), strings.Repeat("x/", worm.MaxKeyBytes),
	} {
		_, err := s.put(key, "body", retention.Lock{})
		s.wantError("put "+key, err, worm.ErrBadKey)
		_, err = s.store.State(s.Context(), worm.Ref{Key: key})
		s.wantError("state of "+key, err, worm.ErrBadKey)
		_, err = s.store.Read(s.Context(), worm.Ref{Key: key}, 10)
		s.wantError("read "+key, err, worm.ErrBadKey)
	}
	if got := s.list(""); len(got) != 0 {
		s.Errorf("bad keys left %q", got)
	}
}

func listing(s *suite) {
	all := []string{"a", "b-c", "b.c", "b/c", "b/c.d/e", "b/c.d/f", "b/cc", "b0", "c/d"}
	for _, key := range slices.Backward(all) {
		s.mustPut(key, key, retention.Lock{Mode: s.anyMode(), Until: s.anyUntil()})
	}
	for _, prefix := range []string{"", "a", "b", "b/", "b/c", "b/c.", "b/c.d/", "b/c.d/e", "c/", "d", "b/c.d/e/f", "a/", "/", "b//", "."} {
		want := slices.DeleteFunc(slices.Clone(all), func(key string) bool { return !strings.HasPrefix(key, prefix) })
		if got := s.list(prefix); !slices.Equal(got, want) {
			s.Errorf("list %q: %q, want %q", prefix, got, want)
		}
	}
	for e, err := range s.store.ListHidden(s.Context(), "") {
		s.Errorf("nothing lies over anything, and %s is hidden (%v)", e.Ref, err)
	}
	for e := range s.store.List(s.Context(), "") {
		if e.Size != int64(len(e.Ref.Key)) {
			s.Errorf("listed %s with %d bytes", e.Ref, e.Size)
		}
		break // a listing can be left
	}
}

func addresses(s *suite) {
	seen := map[string]string{}
	for _, key := range hostile {
		ref := s.mustPut(key, "body", retention.Lock{})
		uri := s.store.URI(ref)
		if other, taken := seen[uri]; taken {
			s.Errorf("%q and %q have the same address %s", key, other, uri)
		}
		seen[uri] = key
		if got, err := s.store.ParseURI(uri); err != nil || got != ref {
			s.Errorf("address %s leads to %v (%v), not to %v", uri, got, err, ref)
		}
	}
	for _, foreign := range []string{"https://example.org/a", "s3://no-such-bucket-here/a?versionId=1", "file:///no/such/directory/a"} {
		if _, err := s.store.ParseURI(foreign); err == nil {
			s.Errorf("address %s was taken for ours", foreign)
		}
	}
	for _, bad := range []string{"", "a", "://", "%zz"} {
		if ref, err := s.store.ParseURI(bad); err == nil {
			s.Errorf("address %q leads to %v", bad, ref)
		}
	}
}
