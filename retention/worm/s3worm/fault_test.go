package s3worm_test

import (
	"math/rand/v2"
	"net/http"
	"testing"

	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest/faultproxy"
)

// Under every fault that a network can have, one writer owns each key.
func TestCrowdInEveryStorm(t *testing.T) {
	goroutines, keys := 64, 50
	if testing.Short() {
		goroutines, keys = 16, 10
	}
	g := startGateway(t)
	for _, fault := range faultproxy.Faults() {
		t.Run(fault.String(), func(t *testing.T) {
			proxy := faultproxy.Start(t, g.endpoint, func(r *http.Request) faultproxy.Fault {
				if r.Method == http.MethodPut && rand.IntN(10) == 0 {
					return fault
				}
				return faultproxy.None
			})
			bucket := g.newBucket(t, true)
			stormy, calm := open(t, g.url(bucket, proxy.URL, "")), open(t, g.url(bucket, g.endpoint, ""))
			wormtest.Crowd(t, stormy, calm, goroutines, keys, proxy.Settle)
			t.Logf("%d requests were made to fail", proxy.Injected())
			if proxy.Injected() == 0 {
				t.Error("no request was made to fail")
			}
		})
	}
}
