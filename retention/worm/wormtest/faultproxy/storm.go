package faultproxy

import (
	"math/rand/v2"
	"net/http"
	"os"
	"testing"

	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
)

// Storms sends a [wormtest.Crowd] through a proxy that makes one write in ten fail, to a
// real server: 64 goroutines with 50 keys where any fault may come, and a smaller crowd
// where one fault alone does. HOLDFAST_TEST_BIG=1 sends the whole crowd through each,
// which takes minutes. The storms are parallel tests, since most of them wait. writes tells
// which requests store an object; open opens a new bucket twice, through the proxy at an
// address and without it.
func Storms(t *testing.T, server string, writes func(*http.Request) bool, open func(t *testing.T, proxy string) (stormy, calm *worm.Store)) {
	whole, small := crowd{64, 50}, crowd{16, 10}
	if testing.Short() {
		whole = small
	}
	if os.Getenv("HOLDFAST_TEST_BIG") == "1" {
		small = whole
	}
	storm := func(name string, c crowd, faults ...Fault) {
		proxy := Start(t, server, func(r *http.Request) Fault {
			if writes(r) && rand.IntN(10) == 0 {
				return faults[rand.IntN(len(faults))]
			}
			return None
		})
		stormy, calm := open(t, proxy.URL) // it may set the environment, which a parallel test may not
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wormtest.Crowd(t, stormy, calm, c.goroutines, c.keys, proxy.Settle)
			t.Logf("%d requests were made to fail", proxy.Injected())
			if proxy.Injected() == 0 {
				t.Error("no request was made to fail")
			}
		})
	}
	storm("all", whole, Faults()...)
	for _, fault := range Faults() {
		storm(fault.String(), small, fault)
	}
}

// crowd is how many there are, each with how many keys.
type crowd struct{ goroutines, keys int }
