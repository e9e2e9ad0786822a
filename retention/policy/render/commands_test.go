package render_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// The AWS command line takes s3/setup.sh for what it is meant to be, and sends it:
// HOLDFAST_TEST_COMMANDS=1 go test ./retention/policy/render -run Commands. It takes
// as long as starting that program a dozen times does, so it is asked for.
func TestCommandsOfS3(t *testing.T) {
	if os.Getenv("HOLDFAST_TEST_COMMANDS") == "" {
		t.Skip("set HOLDFAST_TEST_COMMANDS to run the AWS command line against a stub")
	}
	dir := t.TempDir()
	for name, content := range files(t, tiered(t, after(90, "cold"), after(400, "archive")), config()) {
		if script, ok := strings.CutPrefix(name, "s3/"); ok {
			if err := os.WriteFile(filepath.Join(dir, script), []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	var mu sync.Mutex
	var sent []string
	stub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		sent = append(sent, r.Method+" "+r.URL.Path+"?"+r.URL.RawQuery+" "+r.Header.Get("X-Amz-Bucket-Object-Lock-Enabled")+string(body))
		if r.Method == http.MethodPost {
			io.WriteString(w, "<CreatePolicyResponse><CreatePolicyResult><Policy/></CreatePolicyResult></CreatePolicyResponse>")
		}
	}))
	defer stub.Close()
	script := exec.CommandContext(t.Context(), "bash", filepath.Join(dir, "setup.sh"))
	script.Env = append(os.Environ(), "AWS_ENDPOINT_URL="+stub.URL, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_MAX_ATTEMPTS=1")
	if out, err := script.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for i, want := range [][]string{
		{"PUT /release-evidence?", "true", "<LocationConstraint>eu-west-1<"},
		{"?versioning", "<Status>Enabled<"},
		{"?object-lock", "<Mode>GOVERNANCE<", "<Days>731<"},
		{"?publicAccessBlock", "<RestrictPublicBuckets>true<"},
		{"?ownershipControls", "BucketOwnerEnforced"},
		{"?lifecycle", "<Prefix>packets/</Prefix><ObjectSizeGreaterThan>131072<", "<Days>90</Days><StorageClass>GLACIER_IR<", "<Days>400</Days><StorageClass>GLACIER<", "<DaysAfterInitiation>7<"},
		{"?policy", "NobodyDeletes", "NobodyOverwrites"},
		{"POST /", "CreatePolicy", "holdfast-release-evidence-exporter"},
		{"POST /", "CreatePolicy", "holdfast-release-evidence-reader"},
		{"POST /", "CreatePolicy", "holdfast-release-evidence-hold-officer"},
		{"POST /", "CreatePolicy", "holdfast-release-evidence-auditor"},
		{"POST /", "CreatePolicy", "holdfast-release-evidence-replicator"},
	} {
		if i >= len(sent) {
			t.Fatalf("only %d requests were sent", len(sent))
		}
		for _, part := range want {
			if !strings.Contains(sent[i], part) {
				t.Errorf("request %d has no %s: %s", i, part, sent[i])
			}
		}
	}
	if len(sent) != 12 {
		t.Errorf("%d requests were sent", len(sent))
	}
}
