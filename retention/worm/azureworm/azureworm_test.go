package azureworm_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"gocloud.dev/blob/azureblob"

	"github.com/holdfast-archive/holdfast/retention/worm"
	_ "github.com/holdfast-archive/holdfast/retention/worm/azureworm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest/faultproxy"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest/servers"
)

var containers atomic.Int64

// newContainer makes a container at a server.
func newContainer(t testing.TB, host string) string {
	t.Helper()
	name := fmt.Sprintf("container-%d", containers.Add(1))
	if _, err := newClient(t, host, name, http.DefaultTransport).Create(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return name
}

func newClient(t testing.TB, host, name string, transport http.RoundTripper) *container.Client {
	t.Helper()
	cred, err := container.NewSharedKeyCredential(servers.AzuriteAccount, servers.AzuriteKey)
	if err != nil {
		t.Fatal(err)
	}
	options := &container.ClientOptions{ClientOptions: azcore.ClientOptions{Transport: &http.Client{Transport: transport}}}
	c, err := container.NewClientWithSharedKeyCredential(fmt.Sprintf("http://%s/%s/%s", host, servers.AzuriteAccount, name), cred, options)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// overClient opens a container by a client that keeps as many connections as are used at
// once: making one anew takes longer than a request.
func overClient(t testing.TB, c *container.Client) *worm.Store {
	t.Helper()
	b, err := azureblob.OpenBucket(t.Context(), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	s, err := worm.OpenBucket(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// open opens a container by URL, at a server or a proxy before it.
func open(t testing.TB, host, name, more string) *worm.Store {
	t.Helper()
	t.Setenv("AZURE_STORAGE_ACCOUNT", servers.AzuriteAccount)
	t.Setenv("AZURE_STORAGE_KEY", servers.AzuriteKey)
	s, err := worm.Open(t.Context(), fmt.Sprintf("azblob://%s?protocol=http&domain=%s&localemu=true%s", name, host, more))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// Azurite takes seconds to start, so there is one for all that is asked of it.
func TestOnARealServer(t *testing.T) {
	host := servers.Azurite(t)
	for name, more := range map[string]string{"container": "", "prefix": "&prefix=team%20a/evidence/"} {
		t.Run("conformance/"+name, func(t *testing.T) {
			wormtest.Conformance(t, func(t *testing.T) wormtest.Fixture {
				name := newContainer(t, host)
				return wormtest.Fixture{Store: open(t, host, name, more), Reopen: func() *worm.Store { return open(t, host, name, more) }}
			})
		})
	}
	t.Run("without immutability", func(t *testing.T) { refusesToLock(t, host) })
	t.Run("handed in", func(t *testing.T) { takesABucket(t, host) })
	t.Run("crowd", func(t *testing.T) { inEveryStorm(t, host) })
}

// inEveryStorm has one writer own each key, under every fault that a network can have.
func inEveryStorm(t *testing.T, host string) {
	writes := func(r *http.Request) bool { return r.Method == http.MethodPut }
	faultproxy.Storms(t, "http://"+host, writes, func(t *testing.T, proxy string) (stormy, calm *worm.Store) {
		name := newContainer(t, host)
		client := newClient(t, strings.TrimPrefix(proxy, "http://"), name, &http.Transport{MaxIdleConnsPerHost: 64})
		return overClient(t, client), open(t, host, name, "")
	})
}

// The same suite on a real bucket, where there is one.
func TestConformanceInTheCloud(t *testing.T) { wormtest.Cloud(t, "HOLDFAST_TEST_AZURE") }
