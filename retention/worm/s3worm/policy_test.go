package s3worm_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/holdfast-archive/holdfast/retention/policy/render"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest/faultproxy"
)

// permissions returns the actions that S3 asks for before it does what a request
// wants.
func permissions(r *http.Request) []string {
	q := r.URL.Query()
	onBucket := strings.Count(strings.Trim(r.URL.Path, "/"), "/") == 0
	switch {
	case q.Has("versioning"):
		return []string{"s3:GetBucketVersioning"}
	case q.Has("object-lock"):
		return []string{"s3:GetBucketObjectLockConfiguration"}
	case q.Has("versions"):
		return []string{"s3:ListBucketVersions"}
	case onBucket && r.Method == http.MethodGet:
		return []string{"s3:ListBucket"}
	case q.Has("retention") && r.Method == http.MethodGet:
		return []string{"s3:GetObjectRetention"}
	case q.Has("legal-hold") && r.Method == http.MethodGet:
		return []string{"s3:GetObjectLegalHold"}
	case q.Has("retention"):
		return alsoIf(r.Header.Get("X-Amz-Bypass-Governance-Retention") == "true", "s3:BypassGovernanceRetention", "s3:PutObjectRetention")
	case q.Has("legal-hold"):
		return []string{"s3:PutObjectLegalHold"}
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		return readPermissions(r)
	case r.Method == http.MethodDelete && q.Has("uploadId"):
		return []string{"s3:AbortMultipartUpload"}
	case r.Method == http.MethodDelete:
		return []string{"s3:DeleteObject"}
	}
	needed := alsoIf(r.Header.Get("X-Amz-Object-Lock-Mode") != "", "s3:PutObjectRetention", "s3:PutObject")
	return alsoIf(r.Header.Get("X-Amz-Object-Lock-Legal-Hold") != "", "s3:PutObjectLegalHold", needed...)
}

// readPermissions: a version takes its own permission, HEAD shows locks only to
// those who may see them, and that a key is absent is told only to those who may
// list.
func readPermissions(r *http.Request) []string {
	needed := []string{"s3:GetObject"}
	if r.URL.Query().Has("versionId") {
		needed = []string{"s3:GetObjectVersion"}
	}
	if r.Method == http.MethodHead {
		needed = append(needed, "s3:GetObjectRetention", "s3:GetObjectLegalHold")
	}
	return alsoIf(strings.HasSuffix(r.URL.Path, "/absent"), "s3:ListBucket", needed...)
}

func alsoIf(condition bool, also string, needed ...string) []string {
	if condition {
		return append(needed, also)
	}
	return needed
}

type statement struct {
	Effect    string
	Action    []string
	Condition map[string]map[string]string
}

func readPolicy(t *testing.T, role string) []statement {
	t.Helper()
	b, err := render.S3{Bucket: "release-evidence", Region: "eu-west-1"}.Role(role)
	if err != nil {
		t.Fatal(err)
	}
	var policy struct{ Statement []statement }
	if err := json.Unmarshal(b, &policy); err != nil {
		t.Fatal(err)
	}
	return policy.Statement
}

// Each role's policy allows what its requests need, and nothing else.
func TestPoliciesMatchRequests(t *testing.T) {
	g := startGateway(t)
	for _, role := range wormtest.Roles() {
		t.Run(role.Name, func(t *testing.T) {
			var mu sync.Mutex
			needed := map[string]bool{}
			proxy := faultproxy.Start(t, g.endpoint, func(r *http.Request) faultproxy.Fault {
				mu.Lock()
				defer mu.Unlock()
				for _, action := range permissions(r) {
					needed[action] = true
				}
				return faultproxy.None
			})
			bucket := g.newBucket(t, true)
			wormtest.Furnish(t, open(t, g.url(bucket, g.endpoint, "")))
			role.Do(t, open(t, g.url(bucket, proxy.URL, "")))

			allowed, denied := map[string]bool{}, map[string]bool{}
			for _, s := range readPolicy(t, role.Name) {
				for _, action := range s.Action {
					if s.Effect == "Allow" {
						allowed[action] = true
					} else {
						denied[action] = true
					}
				}
			}
			if got, want := slices.Sorted(maps.Keys(allowed)), slices.Sorted(maps.Keys(needed)); !slices.Equal(got, want) {
				t.Errorf("the policy allows %v, the requests need %v", got, want)
			}
			for action := range denied {
				if needed[action] {
					t.Errorf("the policy denies %s, which the requests need", action)
				}
			}
		})
	}
}

// Whoever may write may write create-only, and may not delete; and who exports may
// not lift a lock.
func TestPoliciesAreCreateOnly(t *testing.T) {
	denied := map[string]map[string]bool{}
	for _, role := range []string{"exporter", "hold-officer", "replicator"} {
		denied[role] = map[string]bool{}
		for _, s := range readPolicy(t, role) {
			for _, action := range s.Action {
				denied[role][action] = denied[role][action] || s.Effect == "Deny"
				if action == "s3:PutObject" && s.Condition["Null"]["s3:if-none-match"] != "false" && s.Condition["Bool"]["s3:ObjectCreationOperation"] != "false" {
					t.Errorf("%s: s3:PutObject is allowed without If-None-Match: %+v", role, s)
				}
			}
		}
		for _, action := range []string{"s3:DeleteObject", "s3:DeleteObjectVersion"} {
			if !denied[role][action] {
				t.Errorf("%s: %s is not denied", role, action)
			}
		}
	}
	if !denied["exporter"]["s3:BypassGovernanceRetention"] {
		t.Error("the exporter is not denied to bypass governance")
	}
}
