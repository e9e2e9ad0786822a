package s3worm_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest/faultproxy"
)

// Under every fault that a network can have, one writer owns each key.
func TestCrowdInEveryStorm(t *testing.T) {
	g := startGateway(t)
	writes := func(r *http.Request) bool { return r.Method == http.MethodPut }
	faultproxy.Storms(t, g.endpoint, writes, func(t *testing.T, proxy string) (stormy, calm *worm.Store) {
		bucket := g.newBucket(t, true)
		return open(t, g.url(bucket, proxy, "")), open(t, g.url(bucket, g.endpoint, ""))
	})
}

// A large object whose completion gets no answer, once, goes in all the same, and
// leaves no parts.
func TestCompletionWithoutAnAnswer(t *testing.T) {
	g := startGateway(t)
	for _, fault := range []faultproxy.Fault{faultproxy.Refuse, faultproxy.Drop, faultproxy.Fail, faultproxy.Delay} {
		t.Run(fault.String(), func(t *testing.T) {
			bucket, done := g.newBucket(t, true), false
			proxy := faultproxy.Start(t, g.endpoint, func(r *http.Request) faultproxy.Fault {
				if r.Method == http.MethodPost && r.URL.Query().Has("uploadId") && !done {
					done = true
					return fault
				}
				return faultproxy.None
			})
			body := strings.Repeat("holdfast", 20<<17)
			lock := retention.Lock{Mode: retention.Compliance, Until: far}
			stored, err := put(t, open(t, g.url(bucket, proxy.URL, "")), "large", body, lock)
			if err != nil {
				t.Fatal(err)
			}
			proxy.Settle()
			if o, err := open(t, g.url(bucket, g.endpoint, "")).State(t.Context(), stored.Ref); err != nil || o.Size != int64(len(body)) || !o.Lock.Covers(lock) {
				t.Errorf("state %+v, %v", o, err)
			}
			left, err := g.client.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: &bucket})
			if err != nil || len(left.Uploads) != 0 {
				t.Errorf("%d uploads are left, %v", len(left.Uploads), err)
			}
		})
	}
}
