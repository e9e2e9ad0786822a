package gcsworm_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"cloud.google.com/go/storage"
	"google.golang.org/api/option"

	"github.com/holdfast-archive/holdfast/retention/worm"
	_ "github.com/holdfast-archive/holdfast/retention/worm/gcsworm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest/faultproxy"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest/servers"
)

var buckets atomic.Int64

// newBucket makes a bucket with versions at a server.
func newBucket(t testing.TB, host string) string {
	t.Helper()
	client, err := storage.NewClient(t.Context(), option.WithEndpoint("http://"+host+"/storage/v1/"), option.WithoutAuthentication())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	name := fmt.Sprintf("bucket-%d", buckets.Add(1))
	if err := client.Bucket(name).Create(t.Context(), "project", &storage.BucketAttrs{VersioningEnabled: true}); err != nil {
		t.Fatal(err)
	}
	return name
}

// open opens a bucket by URL, at the server that STORAGE_EMULATOR_HOST names now.
func open(t testing.TB, host, bucket, more string) *worm.Store {
	t.Helper()
	t.Setenv("STORAGE_EMULATOR_HOST", host)
	s, err := worm.Open(t.Context(), "gs://"+bucket+"?anonymous=true"+more)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestConformance(t *testing.T) {
	host := servers.FakeGCS(t, "")
	for name, more := range map[string]string{"bucket": "", "prefix": "&prefix=team%20a/evidence/"} {
		t.Run(name, func(t *testing.T) {
			wormtest.Conformance(t, func(t *testing.T) wormtest.Fixture {
				bucket := newBucket(t, host)
				return wormtest.Fixture{Store: open(t, host, bucket, more), Reopen: func() *worm.Store { return open(t, host, bucket, more) }}
			})
		})
	}
}

// Under every fault that a network can have, one writer owns each key.
func TestCrowdInEveryStorm(t *testing.T) {
	host := servers.FakeGCS(t, "")
	keepConnections(t, 64)
	writes := func(r *http.Request) bool {
		return r.Method == http.MethodPost && strings.Contains(r.URL.Path, "/upload/")
	}
	faultproxy.Storms(t, "http://"+host, writes, func(t *testing.T, proxy string) (stormy, calm *worm.Store) {
		bucket := newBucket(t, host)
		return open(t, strings.TrimPrefix(proxy, "http://"), bucket, ""), open(t, host, bucket, "")
	})
}

// keepConnections keeps open as many connections as are used at once. The service speaks
// HTTP/2 and needs one; the server here does not, and each anew takes longer than a request.
func keepConnections(t *testing.T, n int) {
	transport := http.DefaultTransport.(*http.Transport)
	before := transport.MaxIdleConnsPerHost
	transport.MaxIdleConnsPerHost = 2 * n
	t.Cleanup(func() { transport.MaxIdleConnsPerHost = before })
}

// The same suite on a real bucket, where there is one.
func TestConformanceInTheCloud(t *testing.T) { wormtest.Cloud(t, "HOLDFAST_TEST_GCS") }
