package linkage_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sync/errgroup"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/linkage"
	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/policy"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
	_ "github.com/holdfast-archive/holdfast/retention/worm/s3worm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest/faultproxy"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest/servers"
)

// A drill on S3, over a log of 100,000 rows and a network on which every request takes
// 40 ms: what it took, and what is to be done when that is too long.
func TestRehearseOnS3(t *testing.T) {
	rows := 100_000
	if testing.Short() {
		rows = 10_000
	}
	signer, err := manifest.CreateKey(t.TempDir() + "/key")
	if err != nil {
		t.Fatal(err)
	}
	endpoint := gateway(t)
	cfg := archive.Config{Policy: regulating(t), Signer: signer, Operator: "release-ops/test"}
	fillBucket(t, address(endpoint), cfg, rows)

	proxy := faultproxy.Start(t, endpoint, func(*http.Request) faultproxy.Fault {
		time.Sleep(40 * time.Millisecond)
		return faultproxy.None
	})
	rehearse := func(d linkage.Drill) linkage.Rehearsal {
		t.Helper()
		a, err := archive.Open(t.Context(), address(proxy.URL), cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		r, err := linkage.New(a).Rehearse(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		if r.Steps[0].Detail != fmt.Sprintf("%d rows", rows+2) || r.RoundTrips > 25 || r.Total < time.Duration(r.RoundTrips)*40*time.Millisecond {
			t.Errorf("%d round trips in %s over %s", r.RoundTrips, r.Total, r.Steps[0].Detail)
		}
		t.Logf("\n%s", r.Markdown())
		return r
	}
	r := rehearse(linkage.Drill{Choose: linkage.OldestRegulated, SLA: 5 * time.Minute})
	if !r.WithinSLA() || r.ExitStatus() != 0 || len(r.Fixes()) != 0 || r.Export.RetentionClass != retention.Regulated || r.Export.ExportRowID != 2 {
		t.Errorf("%s, of row %d", r.Verdict(), r.Export.ExportRowID)
	}
	r = rehearse(linkage.Drill{ExportRowID: 2, SLA: 100 * time.Millisecond}) // which 40 ms a request cannot keep
	if fixes := r.Fixes(); r.WithinSLA() || r.ExitStatus() != 1 || len(fixes) == 0 || !strings.Contains(fixes[0], " round trips of ") || !strings.Contains(fixes[0], "nearer to the bucket") {
		t.Errorf("%s: %q", r.Verdict(), fixes)
	}
}

// gateway starts an S3 server with a bucket.
func gateway(t *testing.T) (endpoint string) {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", servers.VersityAccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", servers.VersitySecretKey)
	endpoint = servers.Versity(t)
	client := s3.New(s3.Options{BaseEndpoint: &endpoint, UsePathStyle: true, Region: "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider(servers.VersityAccessKey, servers.VersitySecretKey, "")})
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("release-evidence"), ObjectLockEnabledForBucket: aws.Bool(true)}); err != nil {
		t.Fatal(err)
	}
	return endpoint
}

func address(endpoint string) string {
	return "s3://release-evidence?region=us-east-1&use_path_style=true&endpoint=" + url.QueryEscape(endpoint)
}

// regulating is a policy under which the EU is a regulated jurisdiction.
func regulating(t *testing.T) *policy.Policy {
	t.Helper()
	f := everything(t).File()
	f.RegulatedJurisdictions = []string{"EU"}
	p, err := policy.New(f)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// fillBucket exports two packets, of which the second is regulated, and lets the log grow
// by other exports behind them. That happens in memory, without index entries of the
// others, and is copied.
func fillBucket(t *testing.T, bucket string, cfg archive.Config, rows int) {
	t.Helper()
	a, err := archive.Open(t.Context(), bucket, cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{1, 0} {
		if _, err := a.Export(t.Context(), folder(t, n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	here, err := worm.New(t.Context(), withoutEntries{memworm.New()})
	if err != nil {
		t.Fatal(err)
	}
	there, err := worm.Open(t.Context(), bucket)
	if err != nil {
		t.Fatal(err)
	}
	defer there.Close()
	copyLog(t, there, here)
	log := exportlog.Open(here, exportlog.Config{})
	fillers(t, log, 0, rows)
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	copyLog(t, here, there)
}

// withoutEntries keeps no index entries of fillers, which nobody looks for.
type withoutEntries struct{ *memworm.Bucket }

func (b withoutEntries) Create(ctx context.Context, in worm.Creation) (worm.Ref, error) {
	if strings.HasPrefix(in.Key, "log/by/packet/filler-") {
		return worm.Ref{Key: in.Key}, nil
	}
	return b.Bucket.Create(ctx, in)
}

func copyLog(t *testing.T, from, to *worm.Store) {
	t.Helper()
	g, ctx := errgroup.WithContext(t.Context())
	g.SetLimit(32)
	for e, err := range from.List(t.Context(), "log/") {
		if err != nil {
			t.Fatal(err)
		}
		g.Go(func() error {
			b, err := from.Read(ctx, e.Ref, 128<<20)
			if err == nil {
				_, err = to.Put(ctx, e.Ref.Key, bytes.NewReader(b), worm.Spec{Size: int64(len(b)), SHA256: worm.Sum(b)})
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
}
