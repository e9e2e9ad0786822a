package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/holdfast-archive/holdfast/retention/worm/wormtest/servers"
)

// owning is a desk of whoever owns the gateway's buckets.
func owning(t *testing.T) desk {
	t.Helper()
	return newDesk(t, "AWS_ACCESS_KEY_ID="+servers.VersityAccessKey, "AWS_SECRET_ACCESS_KEY="+servers.VersitySecretKey)
}

// broken are the names of what doctor finds broken, in its order, as JSON has them.
func (a answer) broken() (names []string) {
	a.Helper()
	var e struct {
		Checks []check `json:"checks"`
	}
	if err := json.Unmarshal([]byte(a.out), &e); err != nil {
		a.Fatalf("%v: %s%s", err, a.out, a.errs)
	}
	for _, c := range e.Checks {
		if c.State == broken {
			names = append(names, c.Name)
		}
		if c.State == broken && c.Todo == "" {
			a.Errorf("nothing is said on how to mend %s", c.Name)
		}
	}
	return names
}

// Doctor finds nothing in a good bucket, and in others exactly what is missing.
func TestDoctorOfBuckets(t *testing.T) {
	g, d := newGateway(t), owning(t)
	good, plain, versioned := g.make("good", true), g.make("plain", false), g.make("versioned", false)
	name := "versioned"
	if _, err := g.owner.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{Bucket: &name,
		VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		bucket string
		status int
		broken []string
	}{
		{good, exitDone, nil},
		{plain, exitFindings, []string{"versions", "retention", "legal hold", "policy"}},
		{versioned, exitFindings, []string{"retention", "legal hold", "policy"}},
	} {
		a := d.here("doctor", "--json", "--bucket", c.bucket)
		if got := a.broken(); a.status != c.status || a.errs != "" || !slices.Equal(got, c.broken) {
			t.Errorf("%s: exit status %d, it finds %q, want %d and %q\n%s", c.bucket, a.status, got, c.status, c.broken, a.errs)
		}
	}
	if a := d.here("doctor", "--bucket", good); a.status != exitDone || !strings.Contains(a.out, "✓ nothing is broken") {
		t.Error(a.status, a.out, a.errs)
	}
	a := d.here("doctor", "--bucket", plain)
	if n := strings.Count(a.out, "→ make the bucket with object lock"); n != 1 {
		t.Errorf("what mends three things is said %d times:\n%s", n, a.out)
	}
}

// Somebody who may only read is told so, by doctor and by an export, and can read.
func TestDoctorOfAReader(t *testing.T) {
	g, d := newGateway(t), owning(t)
	bucket, name := g.make("release-evidence", true), "release-evidence"
	policy := `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Resource": ["arn:aws:s3:::release-evidence", "arn:aws:s3:::release-evidence/*"],
		"Action": ["s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket", "s3:ListBucketVersions", "s3:GetBucketVersioning", "s3:GetBucketObjectLockConfiguration", "s3:GetObjectRetention", "s3:GetObjectLegalHold"]}]}`
	if _, err := g.owner.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: &name, Policy: &policy}); err != nil {
		t.Fatal(err)
	}
	if a := d.here("export", "packet.json", "--bucket", bucket); a.status != exitDone {
		t.Fatal(a.out, a.errs)
	}
	reader := newDesk(t, "HOLDFAST_BUCKET="+bucket+"&anonymous=true")
	if a := reader.here("find", "pp-1"); a.status != exitDone {
		t.Error(a.out, a.errs)
	}
	reader.here("doctor").finds(exitFindings, "may create and lock", "denied", "Give whoever this runs as the role that it needs")
	if a := reader.here("doctor", "--read-only"); a.status != exitDone || !strings.Contains(a.out, "- unfinished uploads: not known: ") {
		t.Error(a.out, a.errs)
	}
	reader.write("other.json", `{"promotion_packet_id": "pp-2", "promotion_decision": "promote", "promotion_decision_at_utc": "2026-09-01T10:22:00Z"}`)
	reader.here("export", "other.json").says(exitWrongUse, "denied", "Give whoever this runs as the role that it needs")
}

// Uploads of ours that nobody finished for a day are named, and fail nothing.
func TestDoctorOfUploads(t *testing.T) {
	g, d := newGateway(t), owning(t)
	bucket, name := g.make("release-evidence", true), "release-evidence"
	for _, key := range []string{"team-a/packets/pp-1/exhibits/old", "team-a/log/old", "team-a/packets/pp-1/exhibits/new", "team-a/theirs/old", "packets/old"} {
		if _, err := g.owner.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: &name, Key: &key}); err != nil {
			t.Fatal(err)
		}
		if path.Base(key) == "new" {
			continue
		}
		uploads, err := filepath.Glob(fmt.Sprintf("%s/%s/.sgwtmp/multipart/%x/*", g.root, name, sha256.Sum256([]byte(key))))
		if err != nil || len(uploads) != 1 {
			t.Fatalf("%s: %q, %v", key, uploads, err)
		}
		begun := time.Now().Add(-25 * time.Hour) // the gateway tells it by the folder's own time
		if err := os.Chtimes(uploads[0], begun, begun); err != nil {
			t.Fatal(err)
		}
	}
	for prefix, want := range map[string]string{
		"team-a/": "! unfinished uploads   2 uploads begun more than a day ago: what was sent of them is no evidence, and costs as if it were\n    → A lifecycle rule ends them",
		"team-b/": "✓ unfinished uploads   none that was begun more than a day ago\n",
	} {
		if a := d.here("doctor", "--bucket", bucket+"&prefix="+prefix); a.status != exitDone || !strings.Contains(a.out, want) {
			t.Errorf("%s: exit status %d: %s%s", prefix, a.status, a.out, a.errs)
		}
	}
}

// A store whose clock is another is named by its distance.
func TestDoctorOfAClock(t *testing.T) {
	g, d := newGateway(t), owning(t)
	g.make("release-evidence", true)
	to, err := url.Parse(g.endpoint)
	if err != nil {
		t.Fatal(err)
	}
	late := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Host = r.In.Host // it is part of what is signed
		},
		ModifyResponse: func(r *http.Response) error {
			for _, name := range []string{"Date", "Last-Modified"} {
				if at, err := http.ParseTime(r.Header.Get(name)); err == nil {
					r.Header.Set(name, at.Add(-7*time.Minute).UTC().Format(http.TimeFormat))
				}
			}
			return nil
		},
	}
	proxy := httptest.NewServer(late)
	defer proxy.Close()
	bucket := s3At(proxy.URL, "release-evidence")
	d.here("doctor", "--bucket", bucket).finds(exitFindings, "clock", "apart from the bucket's; the policy allows", "timedatectl")
	d.here("doctor", "--read-only", "--bucket", bucket).finds(exitFindings, "clock", "apart from its server's", "timedatectl")
}
