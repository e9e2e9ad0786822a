package wormtest

import (
	"crypto/rand"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// Cloud runs the suite on the real bucket whose URL an environment variable has,
// each part below a prefix of its own. What it stores stays there: its locks end
// within the hour, and whoever runs it cleans up. Without the variable it is
// skipped.
func Cloud(t *testing.T, variable string) {
	t.Helper()
	bucket := os.Getenv(variable)
	if bucket == "" {
		t.Skipf("SKIPPED: no real cloud was tested; set %s to the URL of a bucket with object lock to run the suite there", variable)
	}
	Conformance(t, func(t *testing.T) Fixture {
		address := below(t, bucket, rand.Text()+"/")
		open := func() *worm.Store {
			s, err := worm.Open(t.Context(), address)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		return Fixture{Store: open(), Reopen: open}
	})
}

// below adds a folder to the prefix of a bucket's URL.
func below(t *testing.T, bucket, folder string) string {
	t.Helper()
	u, err := url.Parse(bucket)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	prefix := q.Get("prefix")
	if prefix != "" && !strings.HasSuffix(prefix, "/") {
		prefix += "/"
	}
	q.Set("prefix", prefix+folder)
	u.RawQuery = q.Encode()
	return u.String()
}
