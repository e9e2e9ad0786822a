package s3worm_test

import (
	"fmt"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/holdfast-archive/holdfast/retention/worm"
	_ "github.com/holdfast-archive/holdfast/retention/worm/s3worm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest/servers"
)

// gateway is a running S3 server and a client to do with it what drivers never do.
type gateway struct {
	endpoint string
	client   *s3.Client
}

func startGateway(t testing.TB) gateway {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", servers.VersityAccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", servers.VersitySecretKey)
	endpoint := servers.Versity(t)
	return gateway{endpoint, s3.New(s3.Options{
		BaseEndpoint: &endpoint, UsePathStyle: true, Region: "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider(servers.VersityAccessKey, servers.VersitySecretKey, ""),
	})}
}

var buckets atomic.Int64

// newBucket makes a bucket, with object lock or without.
func (g gateway) newBucket(t testing.TB, lock bool) string {
	t.Helper()
	name := fmt.Sprintf("bucket-%d", buckets.Add(1))
	if _, err := g.client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name, ObjectLockEnabledForBucket: aws.Bool(lock)}); err != nil {
		t.Fatal(err)
	}
	return name
}

// url is the address of a bucket at this gateway, or at another endpoint.
func (g gateway) url(bucket, endpoint, more string) string {
	return fmt.Sprintf("s3://%s?region=us-east-1&use_path_style=true&endpoint=%s%s", bucket, url.QueryEscape(endpoint), more)
}

func open(t testing.TB, url string) *worm.Store {
	t.Helper()
	s, err := worm.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestConformance(t *testing.T) {
	g := startGateway(t)
	for name, more := range map[string]string{"bucket": "", "prefix": "&prefix=team%20a/evidence/"} {
		t.Run(name, func(t *testing.T) {
			wormtest.Conformance(t, func(t *testing.T) wormtest.Fixture {
				address := g.url(g.newBucket(t, true), g.endpoint, more)
				return wormtest.Fixture{Store: open(t, address), Reopen: func() *worm.Store { return open(t, address) }}
			})
		})
	}
}

// The same suite on a real bucket, where there is one.
func TestConformanceInTheCloud(t *testing.T) { wormtest.Cloud(t, "HOLDFAST_TEST_S3") }
