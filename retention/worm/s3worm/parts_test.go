package s3worm_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest/faultproxy"
)

// A large object goes in parts and comes out whole; a body that breaks off leaves
// neither object nor parts.
func TestParts(t *testing.T) {
	g := startGateway(t)
	bucket := g.newBucket(t, true)
	s := open(t, g.url(bucket, g.endpoint, ""))
	body := strings.Repeat("holdfast", 20<<17) // 20 MiB
	lock := retention.Lock{Mode: retention.Compliance, Until: far, LegalHold: true}
	ref := mustPut(t, s, "large", body, lock)
	if o, err := s.State(t.Context(), ref); err != nil || !o.Lock.Covers(lock) || o.SHA256 != worm.Sum([]byte(body)) || o.Size != int64(len(body)) {
		t.Errorf("state %+v, %v", o, err)
	}
	if again, err := put(t, s, "large", body, lock); err != nil || again.Created || again.Ref != ref {
		t.Errorf("again: %+v, %v", again, err)
	}
	if _, err := put(t, s, "large", body+"x", lock); !errors.Is(err, worm.ErrExists) {
		t.Errorf("other bytes: %v", err)
	}
	for name, bad := range map[string]io.Reader{
		"changed": strings.NewReader(body[:len(body)-1] + "x"),
		"broken":  io.MultiReader(strings.NewReader(body[:10<<20]), brokenReader{}),
		"short":   strings.NewReader(body[:10<<20]),
	} {
		if _, err := s.Put(t.Context(), name, bad, worm.Spec{Size: int64(len(body)), SHA256: worm.Sum([]byte(body)), Lock: lock}); err == nil {
			t.Errorf("%s: stored", name)
		}
		if _, err := s.State(t.Context(), worm.Ref{Key: name}); !errors.Is(err, worm.ErrNotFound) {
			t.Errorf("%s: state %v", name, err)
		}
	}
	left, err := g.client.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: &bucket})
	if err != nil || len(left.Uploads) != 0 {
		t.Errorf("%d uploads are left, %v", len(left.Uploads), err)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("broken") }

// An upload that cannot even be aborted is named.
func TestUploadLeftBehindIsNamed(t *testing.T) {
	g := startGateway(t)
	bucket := g.newBucket(t, true)
	proxy := faultproxy.Start(t, g.endpoint, func(r *http.Request) faultproxy.Fault {
		if r.Method == http.MethodDelete {
			return faultproxy.Refuse
		}
		return faultproxy.None
	})
	s := open(t, g.url(bucket, proxy.URL, ""))
	_, err := s.Put(t.Context(), "k", brokenReader{}, worm.Spec{Size: 20 << 20, SHA256: worm.Sum(nil)})
	if err == nil || !strings.Contains(err.Error(), "abort-multipart-upload") || !strings.Contains(err.Error(), "broken") {
		t.Errorf("error %v", err)
	}
}
