package gcsworm_test

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

	"cloud.google.com/go/storage"
	"gocloud.dev/blob"
	"gocloud.dev/blob/gcsblob"
	"google.golang.org/api/option"

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
func TestConformanceWithRetention(t *testing.T) {
	wormtest.Conformance(t, func(t *testing.T) wormtest.Fixture {
		host := startStub(t).host()
		return wormtest.Fixture{Store: open(t, host, "bucket", ""), Reopen: func() *worm.Store { return open(t, host, "bucket", "") }}
	})
}

// One request stores and locks, create-only.
func TestOneRequestStoresAndLocks(t *testing.T) {
	for mode, want := range map[retention.Mode]string{retention.Governance: "Unlocked", retention.Compliance: "Locked"} {
		s := startStub(t)
		if _, err := put(t, open(t, s.host(), "bucket", "&prefix=p/"), "k", "body", retention.Lock{Mode: mode, Until: far, LegalHold: true}); err != nil {
			t.Fatal(err)
		}
		if len(s.sent) != 1 {
			t.Fatalf("%d requests, want one", len(s.sent))
		}
		r := s.sent[0]
		if r.method != http.MethodPost || r.path != "/upload/storage/v1/b/bucket/o" || r.query["ifGenerationMatch"][0] != "0" {
			t.Errorf("%s %s %v", r.method, r.path, r.query)
		}
		kept, _ := r.body["retention"].(map[string]any)
		meta, _ := r.body["metadata"].(map[string]any)
		if r.body["name"] != "p/k" || r.body["temporaryHold"] != true || kept["mode"] != want || kept["retainUntilTime"] != "2099-01-01T00:00:00Z" || meta["sha256"] != worm.Sum([]byte("body")).String() {
			t.Errorf("object resource %v", r.body)
		}
	}
}

// Each change of a lock is one PATCH on what was looked at, and overrides nothing
// but the mode of what was Unlocked.
func TestChangesOfLocks(t *testing.T) {
	s := startStub(t)
	store := open(t, s.host(), "bucket", "")
	stored, err := put(t, store, "k", "body", retention.Lock{Mode: retention.Governance, Until: far})
	if err != nil {
		t.Fatal(err)
	}
	s.sent = nil
	for _, change := range []func() error{
		func() error {
			return store.Extend(t.Context(), stored.Ref, retention.Lock{Mode: retention.Governance, Until: far.AddDate(1, 0, 0)})
		},
		func() error { return store.SetLegalHold(t.Context(), stored.Ref, true) },
		func() error {
			return store.Extend(t.Context(), stored.Ref, retention.Lock{Mode: retention.Compliance, Until: far.AddDate(1, 0, 0)})
		},
		func() error { return store.SetLegalHold(t.Context(), stored.Ref, false) },
	} {
		if err := change(); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, r := range s.sent {
		got = append(got, fmt.Sprintf("%s generation=%s meta=%s override=%v %v", r.method, r.query["generation"], r.query["ifMetagenerationMatch"], r.query["overrideUnlockedRetention"], r.body))
	}
	if want := []string{
		"PATCH generation=[1] meta=[1] override=[] map[bucket:bucket retention:map[mode:Unlocked retainUntilTime:2100-01-01T00:00:00Z]]",
		"PATCH generation=[1] meta=[2] override=[] map[bucket:bucket temporaryHold:true]",
		"PATCH generation=[1] meta=[3] override=[true] map[bucket:bucket retention:map[mode:Locked retainUntilTime:2100-01-01T00:00:00Z]]",
		"PATCH generation=[1] meta=[4] override=[] map[bucket:bucket temporaryHold:false]",
	}; !slices.Equal(got, want) {
		t.Errorf("requests:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// An extension that somebody else's overtakes is looked at again.
func TestOvertakenExtension(t *testing.T) {
	s := startStub(t)
	store := open(t, s.host(), "bucket", "")
	stored, err := put(t, store, "k", "body", retention.Lock{Mode: retention.Governance, Until: far})
	if err != nil {
		t.Fatal(err)
	}
	s.interfere = func(o *object) {
		o.resource["retention"] = map[string]any{"mode": "Unlocked", "retainUntilTime": "2101-01-01T00:00:00Z"}
		o.metageneration++
		s.interfere = nil
	}
	if err := store.Extend(t.Context(), stored.Ref, retention.Lock{Mode: retention.Governance, Until: far.AddDate(1, 0, 0)}); !errors.Is(err, worm.ErrWouldWeaken) {
		t.Errorf("extend to less than another's: %v", err)
	}
	s.interfere = func(o *object) { o.metageneration++; s.interfere = nil }
	if err := store.Extend(t.Context(), stored.Ref, retention.Lock{Mode: retention.Compliance, Until: far.AddDate(3, 0, 0)}); err != nil {
		t.Errorf("extend to more: %v", err)
	}
	if o, err := store.State(t.Context(), stored.Ref); err != nil || o.Lock.String() != "compliance until 2102-01-01T00:00:00Z" {
		t.Errorf("the lock is %s, %v", o.Lock, err)
	}
}

// Answers that name a lock as their cause are told from want of a permission.
func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		status int
		reason string
		create error
		change error
	}{
		{403, "retentionPolicyNotMet", worm.ErrLocked, worm.ErrLocked},
		{403, "objectUnderActiveHold", worm.ErrLocked, worm.ErrLocked},
		{403, "forbidden", nil, nil},
		{409, "conflict", worm.ErrConflict, worm.ErrConflict},
		{429, "rateLimitExceeded", worm.ErrOutcomeUnknown, worm.ErrOutcomeUnknown},
		{408, "timeout", worm.ErrOutcomeUnknown, worm.ErrOutcomeUnknown},
		{502, "backendError", worm.ErrOutcomeUnknown, worm.ErrOutcomeUnknown},
	} {
		t.Run(fmt.Sprint(c.status, " ", c.reason), func(t *testing.T) {
			s := startStub(t)
			stored, err := put(t, open(t, s.host(), "bucket", ""), "k", "body", retention.Lock{})
			if err != nil {
				t.Fatal(err)
			}
			creates := 0
			grumpy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost {
					creates++
				}
				if r.Method == http.MethodPost || r.Method == http.MethodPatch && c.status != 429 && c.status != 502 && c.status != 408 {
					refuse(w, c.status, c.reason)
					return
				}
				s.ServeHTTP(w, r)
			}))
			defer grumpy.Close()
			store := open(t, strings.TrimPrefix(grumpy.URL, "http://"), "bucket", "")
			_, err = put(t, store, "new", "body", retention.Lock{})
			wantKind(t, "create", err, c.create)
			if creates != 1 {
				t.Errorf("%d requests to create, want one", creates)
			}
			if c.status < 429 && c.status != 408 {
				wantKind(t, "hold", store.SetLegalHold(t.Context(), stored.Ref, true), c.change)
			}
		})
	}
}

func wantKind(t *testing.T, what string, err, want error) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error", what)
	}
	for _, kind := range []error{worm.ErrLocked, worm.ErrConflict, worm.ErrOutcomeUnknown} {
		if errors.Is(err, kind) != (kind == want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
}

// Over gRPC Google's client drops retention without a word, so it is refused, and
// that the transport can be seen is pinned.
func TestGRPCIsRefused(t *testing.T) {
	client, err := storage.NewGRPCClient(t.Context(), option.WithoutAuthentication(), option.WithEndpoint("127.0.0.1:1"))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	b, err := gcsblob.OpenBucketGRPC(client, "bucket", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if _, err := worm.OpenBucket(t.Context(), b); !errors.Is(err, worm.ErrUnsupported) || !strings.Contains(err.Error(), "gRPC") {
		t.Errorf("open: %v", err)
	}
}

// A bucket without retention refuses what it could not keep, and says what to
// enable. This one is real.
func TestBucketWithoutRetention(t *testing.T) {
	host := servers.FakeGCS(t, "")
	store := open(t, host, newBucket(t, host), "")
	if _, err := put(t, store, "k", "body", retention.Lock{Mode: retention.Governance, Until: far}); !errors.Is(err, worm.ErrUnsupported) || !strings.Contains(err.Error(), "--enable-per-object-retention") {
		t.Errorf("put: %v", err)
	}
}

// Large objects are resumable uploads; generations outlive what hides them; a
// bucket handed in works. All on a real server.
func TestOnARealServer(t *testing.T) {
	host := servers.FakeGCS(t, "")
	name := newBucket(t, host)
	t.Setenv("STORAGE_EMULATOR_HOST", host)
	b, err := blob.OpenBucket(t.Context(), "gs://"+name+"?anonymous=true")
	if err != nil {
		t.Fatal(err)
	}
	b = blob.PrefixedBucket(b, "outer/")
	defer b.Close()
	store, err := worm.OpenBucket(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	body := strings.Repeat("holdfast", 20<<17) // 20 MiB
	stored, err := put(t, store, "large", body, retention.Lock{})
	if err != nil {
		t.Fatal(err)
	}
	if uri := store.URI(stored.Ref); uri != "gs://"+name+"/outer/large#"+stored.Ref.Version {
		t.Errorf("address %s", uri)
	}
	if again, err := put(t, store, "large", body, retention.Lock{}); err != nil || again.Ref != stored.Ref {
		t.Errorf("again: %+v, %v", again, err)
	}
	if _, err := put(t, store, "changed", body, retention.Lock{}); err != nil {
		t.Error(err)
	}
	if _, err := store.Put(t.Context(), "broken", strings.NewReader(body[:10<<20]), worm.Spec{Size: int64(len(body)), SHA256: worm.Sum([]byte(body))}); !errors.Is(err, worm.ErrCorrupt) {
		t.Errorf("a short body: %v", err)
	}
	if _, err := store.State(t.Context(), worm.Ref{Key: "broken"}); !errors.Is(err, worm.ErrNotFound) {
		t.Errorf("state of it: %v", err)
	}
	w, err := b.NewWriter(t.Context(), "large", nil)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(w, "forged")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if o, err := store.State(t.Context(), stored.Ref); err != nil || !o.Hidden || o.Size != int64(len(body)) {
		t.Errorf("state under a newer generation: %+v, %v", o, err)
	}
	for e, err := range store.ListHidden(t.Context(), "") {
		if err != nil || e.Ref != stored.Ref {
			t.Errorf("hidden is %v, %v", e.Ref, err)
		}
	}
	r, err := store.Get(t.Context(), stored.Ref, worm.Sum([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if n, err := io.Copy(io.Discard, r); err != nil || n != int64(len(body)) {
		t.Errorf("read by pin: %d bytes, %v", n, err)
	}
}
