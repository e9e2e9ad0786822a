package main

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/holdfast-archive/holdfast/retention/worm/wormtest/servers"
)

// gateway is an S3 gateway, and whoever owns it.
type gateway struct {
	t        *testing.T
	endpoint string
	root     string // the folder of its buckets
	owner    *s3.Client
}

func newGateway(t *testing.T) gateway {
	t.Helper()
	server := servers.NewGateway(t)
	server.Start(t)
	return gateway{t, server.Endpoint, server.Root, s3.New(s3.Options{
		BaseEndpoint: &server.Endpoint, UsePathStyle: true, Region: "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider(servers.VersityAccessKey, servers.VersitySecretKey, ""),
	})}
}

// make makes a bucket, with object lock or without, and returns its URL.
func (g gateway) make(name string, lock bool) string {
	g.t.Helper()
	if _, err := g.owner.CreateBucket(g.t.Context(), &s3.CreateBucketInput{Bucket: &name, ObjectLockEnabledForBucket: aws.Bool(lock)}); err != nil {
		g.t.Fatal(err)
	}
	return s3At(g.endpoint, name)
}
