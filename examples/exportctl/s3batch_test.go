package main

import (
	"encoding/csv"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/holdfast-archive/holdfast/retention/worm/wormtest/servers"
)

// onS3 moves a session to a bucket of a real S3 server.
func (s session) onS3() *s3.Client {
	s.t.Helper()
	s.t.Setenv("AWS_ACCESS_KEY_ID", servers.VersityAccessKey)
	s.t.Setenv("AWS_SECRET_ACCESS_KEY", servers.VersitySecretKey)
	endpoint := servers.Versity(s.t)
	client := s3.New(s3.Options{BaseEndpoint: &endpoint, UsePathStyle: true, Region: "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider(servers.VersityAccessKey, servers.VersitySecretKey, "")})
	if _, err := client.CreateBucket(s.t.Context(), &s3.CreateBucketInput{Bucket: aws.String("release-evidence"), ObjectLockEnabledForBucket: aws.Bool(true)}); err != nil {
		s.t.Fatal(err)
	}
	s.t.Setenv("HOLDFAST_BUCKET", "s3://release-evidence?region=us-east-1&use_path_style=true&endpoint="+url.QueryEscape(endpoint))
	return client
}

// The manifest for S3 Batch Operations names each object by the version that is evidence. A
// job over it, which is one call an object, is found by the hold that follows.
func TestS3BatchManifest(t *testing.T) {
	s := newSession(t)
	client := s.onS3()
	s.run(exitDone, "export", samplePackets+"packet-00", samplePackets+"packet-03")
	path := filepath.Join(s.dir, "batch.csv")
	out, _ := s.run(exitDone, "hold", "--all", "--s3-batch-manifest", path)
	s.says(out, "6 objects", "No hold is set yet", "S3PutObjectLegalHold")
	_, errs := s.run(exitWrongUse, "hold", "--all", "--s3-batch-manifest", path)
	s.says(errs, "Nothing is overwritten")
	out, _ = s.run(exitDone, "hold", "--packet", economy, "--s3-batch-manifest", path+".2", "--json")
	s.says(out, `"objects": 3`, `"file": "`)
	_, errs = s.run(exitWrongUse, "hold", "--s3-batch-manifest", path+".3")
	s.says(errs, "which exports?")

	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil || len(lines) != 6 {
		t.Fatal(err, lines)
	}
	exhibits := 0
	for _, l := range lines {
		key, err := url.QueryUnescape(l[1])
		if err != nil || l[0] != "release-evidence" || l[2] == "" {
			t.Fatal(l, err)
		}
		if strings.Contains(key, "/exhibits/") {
			exhibits++
		}
		if _, err := client.PutObjectLegalHold(t.Context(), &s3.PutObjectLegalHoldInput{Bucket: &l[0], Key: &key, VersionId: &l[2], LegalHold: &types.ObjectLockLegalHold{Status: types.ObjectLockLegalHoldStatusOn}}); err != nil {
			t.Fatal(l, err)
		}
	}
	if exhibits != 3 {
		t.Errorf("%d exhibits: %q", exhibits, lines)
	}
	out, _ = s.run(exitDone, "hold", "--all", "--matter", "CASE-7", "--reason", "claim", "--by", "legal/counsel")
	s.says(out, "2 exports held, with a row for each")
	s.run(exitDone, "verify")
}
