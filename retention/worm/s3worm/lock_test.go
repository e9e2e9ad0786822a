package s3worm_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"gocloud.dev/blob"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

var far = time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)

func put(t testing.TB, s *worm.Store, key, body string, lock retention.Lock) (worm.Stored, error) {
	t.Helper()
	return s.Put(t.Context(), key, strings.NewReader(body), worm.Spec{Size: int64(len(body)), SHA256: worm.Sum([]byte(body)), Lock: lock})
}

func mustPut(t testing.TB, s *worm.Store, key, body string, lock retention.Lock) worm.Ref {
	t.Helper()
	stored, err := put(t, s, key, body, lock)
	if err != nil {
		t.Fatal(err)
	}
	return stored.Ref
}

// deleteVersion does what no driver does.
func (g gateway) deleteVersion(t testing.TB, bucket string, ref worm.Ref, bypass bool) error {
	t.Helper()
	_, err := g.client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &bucket, Key: &ref.Key, VersionId: &ref.Version, BypassGovernanceRetention: aws.Bool(bypass)})
	return err
}

// The server itself refuses to delete what we locked, in one request, as we
// stored it.
func TestServerEnforcesLocks(t *testing.T) {
	g := startGateway(t)
	bucket := g.newBucket(t, true)
	s := open(t, g.url(bucket, g.endpoint, ""))
	for name, c := range map[string]struct {
		lock   retention.Lock
		bypass bool
	}{
		"governance":                {retention.Lock{Mode: retention.Governance, Until: far}, false},
		"compliance":                {retention.Lock{Mode: retention.Compliance, Until: far}, false},
		"compliance with bypass":    {retention.Lock{Mode: retention.Compliance, Until: far}, true},
		"legal hold":                {retention.Lock{LegalHold: true}, false},
		"legal hold with bypass":    {retention.Lock{LegalHold: true}, true},
		"large object, compliance":  {retention.Lock{Mode: retention.Compliance, Until: far}, true},
		"large object, legal hold ": {retention.Lock{LegalHold: true}, true},
	} {
		body := "body"
		if strings.HasPrefix(name, "large") {
			body = strings.Repeat("holdfast", 3<<20)
		}
		ref := mustPut(t, s, name, body, c.lock)
		if err := g.deleteVersion(t, bucket, ref, c.bypass); err == nil {
			t.Errorf("%s: the server deleted the version", name)
		}
		if _, err := s.State(t.Context(), ref); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	ref := mustPut(t, s, "unlocked", "body", retention.Lock{})
	if err := g.deleteVersion(t, bucket, ref, false); err != nil {
		t.Errorf("what is under no lock could not be deleted, so the above proves little: %v", err)
	}
}

// Compliance is not shortened, not even by somebody who may bypass governance.
func TestComplianceIsNotShortened(t *testing.T) {
	g := startGateway(t)
	bucket := g.newBucket(t, true)
	s := open(t, g.url(bucket, g.endpoint, ""))
	lock := retention.Lock{Mode: retention.Compliance, Until: far}
	ref := mustPut(t, s, "k", "body", lock)
	for _, mode := range []types.ObjectLockRetentionMode{types.ObjectLockRetentionModeCompliance, types.ObjectLockRetentionModeGovernance} {
		sooner := far.AddDate(-1, 0, 0)
		if _, err := g.client.PutObjectRetention(t.Context(), &s3.PutObjectRetentionInput{
			Bucket: &bucket, Key: &ref.Key, VersionId: &ref.Version, BypassGovernanceRetention: aws.Bool(true),
			Retention: &types.ObjectLockRetention{Mode: mode, RetainUntilDate: &sooner},
		}); err == nil {
			t.Errorf("the server took %s until %s", mode, sooner)
		}
	}
	if o, err := s.State(t.Context(), ref); err != nil || !o.Lock.Covers(lock) {
		t.Errorf("the lock is %s, %v", o.Lock, err)
	}
	longer := retention.Lock{Mode: retention.Compliance, Until: far.AddDate(1, 0, 0)}
	if err := s.Extend(t.Context(), ref, longer); err != nil {
		t.Errorf("extend: %v", err)
	}
	if o, err := s.State(t.Context(), ref); err != nil || !o.Lock.Covers(longer) {
		t.Errorf("the extended lock is %s, %v", o.Lock, err)
	}
}

// A legal hold keeps an object that no retention keeps, and outlives retention.
func TestHoldOutlastsRetention(t *testing.T) {
	g := startGateway(t)
	bucket := g.newBucket(t, true)
	s := open(t, g.url(bucket, g.endpoint, ""))
	held := mustPut(t, s, "held", "body", retention.Lock{LegalHold: true})
	if err := g.deleteVersion(t, bucket, held, false); err == nil {
		t.Error("the held version was deleted")
	}
	if err := s.SetLegalHold(t.Context(), held, false); err != nil {
		t.Fatal(err)
	}
	if err := g.deleteVersion(t, bucket, held, false); err != nil {
		t.Errorf("after the hold was released: %v", err)
	}

	soon := time.Now().UTC().Add(2 * time.Second).Truncate(time.Second)
	both := mustPut(t, s, "both", "body", retention.Lock{Mode: retention.Compliance, Until: soon, LegalHold: true})
	free := mustPut(t, s, "free", "body", retention.Lock{Mode: retention.Compliance, Until: soon})
	time.Sleep(time.Until(soon) + 1100*time.Millisecond)
	if o, err := s.State(t.Context(), both); err != nil || !o.Lock.LegalHold {
		t.Errorf("when retention has ended the lock is %s, %v; want the hold", o.Lock, err)
	}
	if err := g.deleteVersion(t, bucket, free, false); err != nil {
		t.Errorf("the version that nothing holds any more: %v", err)
	}
	if err := g.deleteVersion(t, bucket, both, false); err == nil {
		t.Log("versitygw v1.8.0 does not look at the hold of an object whose retention has ended; S3 does")
	}
}

// What lies over a version does not fool a reader that has its pin.
func TestPinsSeeThrough(t *testing.T) {
	g := startGateway(t)
	bucket := g.newBucket(t, true)
	s := open(t, g.url(bucket, g.endpoint, ""))
	lock := retention.Lock{Mode: retention.Governance, Until: far}
	for name, cover := range map[string]func(key string) error{
		"delete marker": func(key string) error {
			_, err := g.client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &bucket, Key: &key})
			return err
		},
		"newer version": func(key string) error {
			_, err := g.client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader("forged")})
			return err
		},
	} {
		ref := mustPut(t, s, name, "body", lock)
		if o, err := s.State(t.Context(), ref); err != nil || o.Hidden {
			t.Errorf("%s: before: %+v, %v", name, o, err)
		}
		if err := cover(ref.Key); err != nil {
			t.Fatal(err)
		}
		if o, err := s.State(t.Context(), ref); err != nil || !o.Hidden || !o.Lock.Covers(lock) {
			t.Errorf("%s: state %+v, %v; want it hidden and locked", name, o, err)
		}
		if b, err := s.Read(t.Context(), ref, 10); err != nil || string(b) != "body" {
			t.Errorf("%s: the pin reads %q, %v", name, b, err)
		}
		pinned, err := s.ParseURI(s.URI(ref))
		if b, readErr := s.Read(t.Context(), pinned, 10); err != nil || readErr != nil || string(b) != "body" {
			t.Errorf("%s: the address reads %q, %v, %v", name, b, err, readErr)
		}
		if got := hidden(t, s); !slices.Contains(got, ref) {
			t.Errorf("%s: hidden are %v, not %s", name, got, ref)
		}
		if _, err := put(t, s, name, "another body", lock); err == nil {
			t.Errorf("%s: a create over it succeeded", name)
		}
	}
}

func hidden(t testing.TB, s *worm.Store) []worm.Ref {
	t.Helper()
	var refs []worm.Ref
	for e, err := range s.ListHidden(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		refs = append(refs, e.Ref)
	}
	return refs
}

// A store to which If-None-Match means nothing is found out with the first object,
// and not written to any more.
func TestStoreThatIgnoresConditions(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	puts := 0
	careless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Query().Has("versioning"):
			io.WriteString(w, "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")
		case r.URL.Query().Has("object-lock"):
			io.WriteString(w, "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>")
		case r.Method == http.MethodPut:
			puts++
			w.Header().Set("x-amz-version-id", fmt.Sprint(puts))
		}
	}))
	defer careless.Close()
	s := open(t, gateway{}.url("bucket", careless.URL, ""))
	for range 2 {
		_, err := put(t, s, "k", "body", retention.Lock{})
		if !errors.Is(err, worm.ErrUnsupported) || !strings.Contains(err.Error(), "If-None-Match") {
			t.Errorf("put: %v", err)
		}
	}
	if puts != 2 {
		t.Errorf("%d requests to put, want the first and its proof", puts)
	}
}

// A bucket without object lock refuses what it could not keep, and says what to
// enable.
func TestBucketWithoutObjectLock(t *testing.T) {
	g := startGateway(t)
	s := open(t, g.url(g.newBucket(t, false), g.endpoint, ""))
	_, err := put(t, s, "k", "body", retention.Lock{Mode: retention.Governance, Until: far})
	if !errors.Is(err, worm.ErrUnsupported) || !strings.Contains(err.Error(), "object lock") {
		t.Errorf("put: %v", err)
	}
	if _, err := s.State(t.Context(), worm.Ref{Key: "k"}); !errors.Is(err, worm.ErrNotFound) {
		t.Errorf("state: %v", err)
	}
	mustPut(t, s, "unlocked", "body", retention.Lock{})
}

// A bucket that the caller has opened works like one opened by URL.
func TestBucketHandedIn(t *testing.T) {
	g := startGateway(t)
	name := g.newBucket(t, true)
	b, err := blob.OpenBucket(t.Context(), g.url(name, g.endpoint, ""))
	if err != nil {
		t.Fatal(err)
	}
	b = blob.PrefixedBucket(blob.PrefixedBucket(b, "outer/"), "inner/")
	defer b.Close()
	s, err := worm.OpenBucket(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ref := mustPut(t, s, "k", "body", retention.Lock{Mode: retention.Governance, Until: far})
	if uri := s.URI(ref); !strings.HasPrefix(uri, "s3://"+name+"/outer/inner/k?versionId=") {
		t.Errorf("address %s", uri)
	}
	out, err := g.client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &name, Key: aws.String("outer/inner/k")})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	var got bytes.Buffer
	if _, err := got.ReadFrom(out.Body); err != nil || got.String() != "body" {
		t.Errorf("it holds %q, %v", got.String(), err)
	}
}
