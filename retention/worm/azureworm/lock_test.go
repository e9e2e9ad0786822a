package azureworm_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	gocloud "gocloud.dev/blob"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest/servers"
)

var far = time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)

func put(t testing.TB, s *worm.Store, key, body string, lock retention.Lock) (worm.Stored, error) {
	t.Helper()
	return s.Put(t.Context(), key, strings.NewReader(body), worm.Spec{Size: int64(len(body)), SHA256: worm.Sum([]byte(body)), Lock: lock})
}

// The whole suite, locks included, against a stub that enforces them.
func TestConformanceWithImmutability(t *testing.T) {
	wormtest.Conformance(t, func(t *testing.T) wormtest.Fixture {
		host := startStub(t).host()
		return wormtest.Fixture{Store: open(t, host, "container", ""), Reopen: func() *worm.Store { return open(t, host, "container", "") }}
	})
}

// steps tells what a stub was sent to change, in order.
func (s *stub) steps() []string {
	var all []string
	for _, r := range s.sent {
		step := r.Method
		if comp := r.URL.Query().Get("comp"); comp != "" {
			step += " " + comp
		}
		for _, field := range []string{"If-None-Match", policyMode, policyUntil, legalHold} {
			if v := r.Header.Get(field); v != "" {
				step += " " + strings.ToLower(strings.TrimPrefix(field, "X-Ms-")) + "=" + v
			}
		}
		all = append(all, step)
	}
	return all
}

func wantSteps(t *testing.T, s *stub, want ...string) {
	t.Helper()
	if got := s.steps(); !slices.Equal(got, want) {
		t.Errorf("requests:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

const until2099 = " immutability-policy-until-date=Thu, 01 Jan 2099 00:00:00 GMT"

// Governance goes with the blob; compliance goes as Unlocked and is then locked.
func TestStoredUnlockedThenLocked(t *testing.T) {
	s := startStub(t)
	store := open(t, s.host(), "container", "&prefix=p/")
	if _, err := put(t, store, "k", "body", retention.Lock{Mode: retention.Governance, Until: far, LegalHold: true}); err != nil {
		t.Fatal(err)
	}
	wantSteps(t, s, "PUT if-none-match=* immutability-policy-mode=Unlocked"+until2099+" legal-hold=true")
	if got := s.sent[0].Header.Get("X-Ms-Meta-Sha256"); got != worm.Sum([]byte("body")).String() || !strings.HasSuffix(s.sent[0].URL.Path, "/container/p/k") {
		t.Errorf("%s with digest %q", s.sent[0].URL.Path, got)
	}
	s.sent = nil
	stored, err := put(t, store, "compliant", "body", retention.Lock{Mode: retention.Compliance, Until: far})
	if err != nil {
		t.Fatal(err)
	}
	wantSteps(t, s, "PUT if-none-match=* immutability-policy-mode=Unlocked"+until2099, "PUT immutabilityPolicies immutability-policy-mode=Locked"+until2099)
	if id := s.sent[1].URL.Query().Get("versionid"); id != stored.Ref.Version || id == "" {
		t.Errorf("the lock went to version %q, want %q", id, stored.Ref.Version)
	}
	s.sent = nil
	if _, err := put(t, store, "large", strings.Repeat("holdfast", 20<<17), retention.Lock{Mode: retention.Compliance, Until: far}); err != nil {
		t.Fatal(err)
	}
	wantSteps(t, s, "PUT block", "PUT block", "PUT block", "PUT blocklist if-none-match=* immutability-policy-mode=Unlocked"+until2099, "PUT immutabilityPolicies immutability-policy-mode=Locked"+until2099)
}

// Should a list of blocks be committed without the lock that went with it, the lock
// is found missing and set.
func TestBlocksCommittedWithoutTheirLock(t *testing.T) {
	for _, mode := range []retention.Mode{retention.Governance, retention.Compliance} {
		s := startStub(t)
		s.careless = true
		store := open(t, s.host(), "container", "")
		lock := retention.Lock{Mode: mode, Until: far, LegalHold: true}
		stored, err := put(t, store, "large", strings.Repeat("holdfast", 20<<17), lock)
		if err != nil {
			t.Fatal(err)
		}
		if o, err := store.State(t.Context(), stored.Ref); err != nil || !o.Lock.Covers(lock) {
			t.Errorf("the lock is %s, %v; want %s", o.Lock, err, lock)
		}
	}
}

// A crash between storing and locking is found and repaired by the next call.
func TestCrashBeforeTheLock(t *testing.T) {
	s := startStub(t)
	s.fail = func(r *http.Request) bool { return r.URL.Query().Get("comp") == "immutabilityPolicies" }
	lock := retention.Lock{Mode: retention.Compliance, Until: far}
	quick := open(t, s.host(), "container", "")
	ctx := t.Context()
	_, err := quick.Put(ctx, "k", strings.NewReader("body"), worm.Spec{Size: 4, SHA256: worm.Sum([]byte("body")), Lock: lock})
	if err == nil {
		t.Fatal("a put that could not be locked succeeded")
	}
	if o, err := quick.State(ctx, worm.Ref{Key: "k"}); err != nil || o.Lock.Mode != retention.Governance {
		t.Fatalf("after the crash: %+v, %v", o, err)
	}
	s.fail = func(*http.Request) bool { return false }
	stored, err := put(t, open(t, s.host(), "container", ""), "k", "body", lock)
	if err != nil || stored.Created {
		t.Errorf("put again: %+v, %v", stored, err)
	}
	if o, err := quick.State(ctx, stored.Ref); err != nil || !o.Lock.Covers(lock) {
		t.Errorf("in the end: %s, %v", o.Lock, err)
	}
}

// Each answer is taken for what it is, and a create is sent once.
func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		status int
		code   string
		want   error
	}{
		{409, "BlobAlreadyExists", worm.ErrNotFound}, // and then not there to be read back
		{412, "ConditionNotMet", worm.ErrNotFound},
		{409, "BlobImmutableDueToPolicy", worm.ErrNotFound},
		{400, "InvalidBlockList", worm.ErrConflict},
		{400, "Md5Mismatch", worm.ErrCorrupt},
		{501, "NotImplemented", worm.ErrUnsupported},
		{403, "AuthorizationFailure", nil},
		{408, "RequestTimeout", worm.ErrOutcomeUnknown},
		{429, "TooManyRequests", worm.ErrOutcomeUnknown},
		{500, "InternalError", worm.ErrOutcomeUnknown},
		{503, "ServerBusy", worm.ErrOutcomeUnknown},
	} {
		t.Run(fmt.Sprint(c.status, " ", c.code), func(t *testing.T) {
			s, creates := startStub(t), 0
			grumpy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodPut {
					s.ServeHTTP(w, r)
					return
				}
				creates++
				io.Copy(io.Discard, r.Body)
				refuse(w, c.status, c.code)
			}))
			defer grumpy.Close()
			_, err := put(t, open(t, strings.TrimPrefix(grumpy.URL, "http://"), "container", ""), "k", "body", retention.Lock{})
			if err == nil || c.want != nil && !errors.Is(err, c.want) || c.want != worm.ErrOutcomeUnknown && errors.Is(err, worm.ErrOutcomeUnknown) {
				t.Errorf("error %v, want %v", err, c.want)
			}
			if creates != 1 {
				t.Errorf("%d requests to create, want one", creates)
			}
		})
	}
}

// A blob that cannot be weakened any more is locked, and the policy says so.
func TestLockedPolicyIsNotShortened(t *testing.T) {
	s := startStub(t)
	store := open(t, s.host(), "container", "")
	stored, err := put(t, store, "k", "body", retention.Lock{Mode: retention.Compliance, Until: far})
	if err != nil {
		t.Fatal(err)
	}
	s.sent = nil
	if err := store.Extend(t.Context(), stored.Ref, retention.Lock{Mode: retention.Compliance, Until: far.AddDate(-1, 0, 0)}); !errors.Is(err, worm.ErrWouldWeaken) {
		t.Errorf("extend to less: %v", err)
	}
	if len(s.sent) != 0 {
		t.Errorf("it asked the service: %v", s.steps())
	}
	// Versions that something lies over are read by their pin, and said to be hidden.
	s.blobs["k"] = append(s.blobs["k"], &version{id: "newer", content: []byte("forged"), header: http.Header{}})
	if o, err := store.State(t.Context(), stored.Ref); err != nil || !o.Hidden || o.Lock.Mode != retention.Compliance {
		t.Errorf("state under a newer version: %+v, %v", o, err)
	}
	seen := 0
	for e, err := range store.ListHidden(t.Context(), "") {
		seen++
		if err != nil || e.Ref != stored.Ref {
			t.Errorf("hidden is %v, %v", e.Ref, err)
		}
	}
	if seen != 1 {
		t.Errorf("%d versions are hidden, want one", seen)
	}
	if b, err := store.Read(t.Context(), stored.Ref, 10); err != nil || string(b) != "body" {
		t.Errorf("the pin reads %q, %v", b, err)
	}
}

// refusesToLock has a container without immutability refuse what it could not keep, and say
// what to enable.
func refusesToLock(t *testing.T, host string) {
	store := open(t, host, newContainer(t, host), "")
	if _, err := put(t, store, "k", "body", retention.Lock{Mode: retention.Governance, Until: far}); !errors.Is(err, worm.ErrUnsupported) || !strings.Contains(err.Error(), "version-level immutability") {
		t.Errorf("put: %v", err)
	}
}

// takesABucket has a bucket that is handed in take large blobs, and no broken ones.
func takesABucket(t *testing.T, host string) {
	name := newContainer(t, host)
	t.Setenv("AZURE_STORAGE_ACCOUNT", servers.AzuriteAccount)
	t.Setenv("AZURE_STORAGE_KEY", servers.AzuriteKey)
	b, err := gocloud.OpenBucket(t.Context(), fmt.Sprintf("azblob://%s?protocol=http&domain=%s&localemu=true", name, host))
	if err != nil {
		t.Fatal(err)
	}
	b = gocloud.PrefixedBucket(gocloud.PrefixedBucket(b, "outer/"), "inner/")
	defer b.Close()
	handed, err := worm.OpenBucket(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	defer handed.Close()
	body := strings.Repeat("holdfast", 20<<17) // 20 MiB
	stored, err := put(t, handed, "large", body, retention.Lock{})
	if err != nil {
		t.Fatal(err)
	}
	if uri := handed.URI(stored.Ref); !strings.HasPrefix(uri, "azblob://"+name+"/outer/inner/large") {
		t.Errorf("address %s", uri)
	}
	if again, err := put(t, handed, "large", body, retention.Lock{}); err != nil || again.Created {
		t.Errorf("again: %+v, %v", again, err)
	}
	if _, err := put(t, handed, "large", body+"x", retention.Lock{}); !errors.Is(err, worm.ErrExists) {
		t.Errorf("other bytes: %v", err)
	}
	if _, err := handed.Put(t.Context(), "broken", strings.NewReader(body[:10<<20]), worm.Spec{Size: int64(len(body)), SHA256: worm.Sum([]byte(body))}); !errors.Is(err, worm.ErrCorrupt) {
		t.Errorf("a short body: %v", err)
	}
	if _, err := handed.State(t.Context(), worm.Ref{Key: "broken"}); !errors.Is(err, worm.ErrNotFound) {
		t.Errorf("state of it: %v", err)
	}
}
