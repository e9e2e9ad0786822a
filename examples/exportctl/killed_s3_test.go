package main

import (
	"context"
	"encoding/json"
	"net/url"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/holdfast-archive/holdfast/retention/worm/wormtest/servers"
)

// onS3 is a shop whose bucket is on a real S3 server.
func onS3(t *testing.T) (shop, *s3.Client) {
	endpoint := servers.Versity(t)
	client := s3.New(s3.Options{
		BaseEndpoint: &endpoint, UsePathStyle: true, Region: "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider(servers.VersityAccessKey, servers.VersitySecretKey, ""),
	})
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("evidence"), ObjectLockEnabledForBucket: aws.Bool(true)}); err != nil {
		t.Fatal(err)
	}
	s := newShop(t)
	s.env = append(s.env, "AWS_ACCESS_KEY_ID="+servers.VersityAccessKey, "AWS_SECRET_ACCESS_KEY="+servers.VersitySecretKey, "AWS_EC2_METADATA_DISABLED=true",
		"HOLDFAST_BUCKET=s3://evidence?region=us-east-1&use_path_style=true&endpoint="+url.QueryEscape(endpoint))
	return s, client
}

// uploads counts the uploads that were begun and not completed.
func uploads(t *testing.T, client *s3.Client) int {
	t.Helper()
	listed, err := client.ListMultipartUploads(context.WithoutCancel(t.Context()), &s3.ListMultipartUploadsInput{Bucket: aws.String("evidence")})
	if err != nil {
		t.Fatal(err)
	}
	return len(listed.Uploads)
}

// whileItUploads starts a command, and waits until it has begun one more upload.
func (s shop) whileItUploads(client *s3.Client, args []string) (c *exec.Cmd, errs *strings.Builder) {
	s.Helper()
	before := uploads(s.T, client)
	c, errs = s.command(args...), &strings.Builder{}
	c.Stderr = errs
	if err := c.Start(); err != nil {
		s.Fatal(err)
	}
	for begun := time.Now(); uploads(s.T, client) == before; time.Sleep(5 * time.Millisecond) {
		if time.Since(begun) > time.Minute {
			_ = c.Process.Kill() // it may have come to its end
			_ = c.Wait()
			s.Fatalf("it uploads nothing:\n%s", errs)
		}
	}
	return c, errs
}

// On S3 a large exhibit goes in parts. Who is killed leaves them, for the bucket's lifecycle
// rule to remove; who is interrupted takes them back; and the same command again makes it one
// export.
func TestKilledWhileUploadingParts(t *testing.T) {
	if testing.Short() {
		t.Skip("a large exhibit on a real server")
	}
	t.Parallel()
	s, client := onS3(t)
	export := s.bigPacket()
	for i := range 2 {
		c, _ := s.whileItUploads(client, export)
		if err := c.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = c.Wait()
		if left := uploads(t, client); left != i+1 {
			t.Errorf("killed %d times, and %d uploads are left", i+1, left)
		}
	}
	c, errs := s.whileItUploads(client, export)
	if err := c.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait()
	if c.ProcessState.ExitCode() != exitInterrupted || !strings.Contains(errs.String(), "Run the same command again") {
		t.Errorf("exit status %d, and it says:\n%s", c.ProcessState.ExitCode(), errs)
	}
	_, took := s.run(export...)
	s.run(export...)
	if left := uploads(t, client); left != 2 {
		t.Errorf("two were killed, and %d uploads are left", left)
	}
	out, _ := s.run("verify", "--json")
	var report verified
	if err := json.Unmarshal([]byte(out), &report); err != nil || !report.Confirmed || report.Rows != 1 || report.Bytes < exhibitBytes() {
		t.Errorf("%v: %s", err, out)
	}
	t.Logf("%d bytes in %v, after two were killed and one was interrupted", exhibitBytes(), took.Round(time.Millisecond))
}
