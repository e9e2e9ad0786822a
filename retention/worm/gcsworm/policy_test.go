package gcsworm_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-archive/holdfast/retention/policy/render"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
)

// permissions returns what the service asks for before it does what a request
// wants. That an object is absent is told only to those who may list.
func permissions(r *http.Request) []string {
	path := strings.TrimPrefix(r.URL.Path, "/storage/v1/b/bucket")
	switch {
	case r.Method == http.MethodGet && path == "":
		return []string{"storage.buckets.get"}
	case r.Method == http.MethodGet && (path == "/o" || strings.HasSuffix(path, "/absent")):
		return []string{"storage.objects.list"}
	case r.Method == http.MethodGet:
		return []string{"storage.objects.get"}
	}
	return nil // the stub has the body of what changes something
}

// permissionsToChange reads what a change needs from what was sent.
func permissionsToChange(s sent) []string {
	needed := []string{"storage.objects.create"}
	if s.method == http.MethodPatch {
		needed = []string{"storage.objects.update"}
	}
	if s.body["temporaryHold"] != nil {
		needed = append(needed, "storage.objects.update")
	}
	if s.body["retention"] != nil {
		needed = append(needed, "storage.objects.setRetention")
	}
	if len(s.query["overrideUnlockedRetention"]) > 0 {
		needed = append(needed, "storage.objects.overrideUnlockedRetention")
	}
	return needed
}

// Each role's permissions are what its requests need, and nothing else.
func TestPoliciesMatchRequests(t *testing.T) {
	for _, role := range wormtest.Roles() {
		t.Run(role.Name, func(t *testing.T) {
			s, needed := startStub(t), map[string]bool{}
			wormtest.Furnish(t, open(t, s.host(), "bucket", ""))
			s.sent = nil
			recording := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				for _, p := range permissions(r) {
					needed[p] = true
				}
				s.ServeHTTP(w, r)
			}))
			defer recording.Close()
			role.Do(t, open(t, strings.TrimPrefix(recording.URL, "http://"), "bucket", ""))
			for _, change := range s.sent {
				for _, p := range permissionsToChange(change) {
					needed[p] = true
				}
			}
			b, err := render.GCS{Bucket: "release-evidence", Location: "europe-west1", Project: "release-tooling"}.Role(role.Name)
			if err != nil {
				t.Fatal(err)
			}
			var policy struct{ IncludedPermissions []string }
			if err := json.Unmarshal(b, &policy); err != nil {
				t.Fatal(err)
			}
			if want := slices.Sorted(maps.Keys(needed)); !slices.Equal(policy.IncludedPermissions, want) {
				t.Errorf("the role has %v, the requests need %v", policy.IncludedPermissions, want)
			}
		})
	}
}
