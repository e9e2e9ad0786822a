package archive_test

import (
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/holdfast-archive/holdfast/archive"
	_ "github.com/holdfast-archive/holdfast/retention/worm/s3worm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest/faultproxy"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest/servers"
)

// The same samples, exported to S3: nothing differs but the URL.
func TestSamplesOnS3(t *testing.T) {
	address := s3Bucket(t)
	a, err := archive.Open(t.Context(), address, config(t))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	register, folders := sampleRegister(t), readFolders(t)
	receipts, err := a.ExportBatch(t.Context(), register)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range folders {
		r, err := a.Export(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		receipts = append(receipts, r)
	}
	for i, p := range append(register, folders...) {
		wantSame(t, a, p, receipts[i])
	}
	wantOneExportEach(t, rows(t, a), register, folders)
	again, err := a.ExportBatch(t.Context(), register)
	if err != nil || !again[0].AlreadyExported || again[59].SHA256() != receipts[59].SHA256() {
		t.Errorf("again: %v", err)
	}
	if report, err := a.Verify(t.Context()); err != nil || report.Exports != 68 {
		t.Errorf("verify: %d exports, %v", report.Exports, err)
	}
}

// s3Bucket makes a bucket with object lock and returns its address.
func s3Bucket(t *testing.T) string {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", servers.VersityAccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", servers.VersitySecretKey)
	endpoint := servers.Versity(t)
	client := s3.New(s3.Options{
		BaseEndpoint: &endpoint, UsePathStyle: true, Region: "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider(servers.VersityAccessKey, servers.VersitySecretKey, ""),
	})
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("release-evidence"), ObjectLockEnabledForBucket: aws.Bool(true)}); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("s3://release-evidence?region=us-east-1&use_path_style=true&endpoint=%s", url.QueryEscape(endpoint))
}

// What an export costs in requests, which is what a cloud bills and waits for.
func TestRequestsOfAnExport(t *testing.T) {
	address := s3Bucket(t)
	endpoint, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var requests []string
	proxy := faultproxy.Start(t, endpoint.Query().Get("endpoint"), func(r *http.Request) faultproxy.Fault {
		mu.Lock()
		defer mu.Unlock()
		requests = append(requests, r.Method)
		return faultproxy.None
	})
	q := endpoint.Query()
	q.Set("endpoint", proxy.URL)
	endpoint.RawQuery = q.Encode()

	cfg := config(t)
	p := packet(t, "pp-1").With(exhibit("scorecard.pdf", "green"))
	forget := func() { // while index entries may still be on their way
		mu.Lock()
		defer mu.Unlock()
		requests = nil
	}
	count := func(what string, want int, do func(a *archive.Archive)) {
		t.Helper()
		a, err := archive.Open(t.Context(), endpoint.String(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		forget()
		do(a)
		if err := a.Close(); err != nil { // when index entries are there
			t.Fatal(err)
		}
		mu.Lock()
		defer mu.Unlock()
		t.Logf("%s: %d requests: %v", what, len(requests), requests)
		if len(requests) != want {
			t.Errorf("%s takes %d requests, it took %d", what, len(requests), want)
		}
	}
	export := func(a *archive.Archive, p archive.Packet) {
		t.Helper()
		if _, err := a.Export(t.Context(), p); err != nil {
			t.Error(err)
		}
	}
	count("the first export in a process", 18, func(a *archive.Archive) { export(a, p) })
	count("the same again in another process", 6, func(a *archive.Archive) { export(a, p) })
	count("a second export in a process", 12, func(a *archive.Archive) {
		export(a, packet(t, "pp-0"))
		if err := a.Log().Seal(t.Context()); err != nil { // its index entries are there
			t.Error(err)
		}
		p := packet(t, "pp-2").With(exhibit("scorecard.pdf", "green"))
		e, err := a.Estimate(t.Context(), p, archive.ExamplePrices())
		if err != nil || e.Writes+e.Reads != 12 {
			t.Errorf("%d writes and %d reads are estimated (%v), and it takes 12", e.Writes, e.Reads, err)
		}
		forget()
		export(a, p)
	})
}
