package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/holdfast-archive/holdfast/retention/worm/wormtest/servers"
)

// s3At is the URL of a bucket at an endpoint of our own.
func s3At(endpoint, bucket string) string {
	return fmt.Sprintf("s3://%s?region=us-east-1&use_path_style=true&endpoint=%s", bucket, url.QueryEscape(endpoint))
}

// Without credentials, each command and doctor say the same: where they are looked for.
func TestNoCredentials(t *testing.T) {
	t.Parallel()
	// What a machine outside the cloud answers that looks for its role.
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	defer refusing.Close()
	d := newDesk(t, "AWS_EC2_METADATA_SERVICE_ENDPOINT="+refusing.URL)
	for bucket, signIn := range map[string]string{
		"s3://release-evidence?region=us-east-1": "AWS_PROFILE",
		"gs://release-evidence":                  "gcloud auth application-default login",
		"azblob://release-evidence":              "AZURE_STORAGE_ACCOUNT",
	} {
		d.try("find", "INC-1", "--bucket", bucket).says(exitWrongUse, "no credentials were found here", signIn)
		d.try("export", "packet.json", "--bucket", bucket).says(exitWrongUse, "no credentials were found here", signIn)
		d.try("doctor", "--bucket", bucket).finds(exitWrongUse, "reachable", "no credentials were found here", signIn)
	}
}

// Credentials that the store does not take are not taken for a store that is down. Of Azure,
// see TestContainers.
func TestCredentialsThatAreRefused(t *testing.T) {
	t.Parallel()
	bucket := s3At(servers.Versity(t), "release-evidence")
	d := newDesk(t, "HOLDFAST_BUCKET="+bucket)
	wrongSecret := d.with("AWS_ACCESS_KEY_ID="+servers.VersityAccessKey, "AWS_SECRET_ACCESS_KEY=wrong")
	wrongSecret.try("find", "INC-1").says(exitWrongUse, "s3://release-evidence: these credentials are not accepted", "Sign in anew")
	wrongSecret.try("doctor").finds(exitWrongUse, "reachable", "these credentials are not accepted", "Sign in anew")
	unknown := d.with("AWS_ACCESS_KEY_ID=nobody", "AWS_SECRET_ACCESS_KEY=x")
	unknown.try("find", "INC-1").says(exitWrongUse, "s3://release-evidence: these credentials are not accepted", "Sign in anew")
}

// What Amazon answers to a session that has ended; no server here has sessions.
func TestExpiredCredentials(t *testing.T) {
	t.Parallel()
	amazon := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `<?xml version="1.0"?><Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>`)
	}))
	defer amazon.Close()
	d := newDesk(t, "AWS_ACCESS_KEY_ID=AKIA", "AWS_SECRET_ACCESS_KEY=x", "AWS_SESSION_TOKEN=old")
	d.try("find", "INC-1", "--bucket", s3At(amazon.URL, "release-evidence")).says(exitWrongUse, "The provided token has expired (ExpiredToken)", "Sign in anew")
}

// A bucket in a region that nobody named.
func TestNoRegion(t *testing.T) {
	t.Parallel()
	newDesk(t, "AWS_ACCESS_KEY_ID=AKIA", "AWS_SECRET_ACCESS_KEY=x").try("find", "INC-1", "--bucket", "s3://release-evidence").
		says(exitWrongUse, "s3://release-evidence: which region", "?region=")
}
