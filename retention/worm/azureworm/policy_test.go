package azureworm_test

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

const containersNamespace = "Microsoft.Storage/storageAccounts/blobServices/containers/"

// permissions returns the action or data action that a request needs.
func permissions(r *http.Request) (action string, data bool) {
	q := r.URL.Query()
	switch {
	case q.Get("comp") == "list":
		return containersNamespace + "blobs/read", true
	case q.Get("restype") == "container":
		return containersNamespace + "read", false
	case r.Method == http.MethodGet, r.Method == http.MethodHead:
		return containersNamespace + "blobs/read", true
	}
	return containersNamespace + "blobs/write", true
}

// Each role's definition has what its requests need, and nothing else; and none
// may delete.
func TestPoliciesMatchRequests(t *testing.T) {
	for _, role := range wormtest.Roles() {
		t.Run(role.Name, func(t *testing.T) {
			s := startStub(t)
			wormtest.Furnish(t, open(t, s.host(), "container", ""))
			actions, dataActions := map[string]bool{}, map[string]bool{}
			recording := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if action, data := permissions(r); data {
					dataActions[action] = true
				} else {
					actions[action] = true
				}
				s.ServeHTTP(w, r)
			}))
			defer recording.Close()
			role.Do(t, open(t, strings.TrimPrefix(recording.URL, "http://"), "container", ""))
			b, err := render.Azure{Account: "releaseevidence", Container: "evidence", ResourceGroup: "release-tooling", Location: "westeurope", Subscription: "00000000-0000-0000-0000-000000000000"}.Role(role.Name)
			if err != nil {
				t.Fatal(err)
			}
			var definition struct{ Actions, DataActions, NotDataActions []string }
			if err := json.Unmarshal(b, &definition); err != nil {
				t.Fatal(err)
			}
			if want := slices.Sorted(maps.Keys(actions)); !slices.Equal(definition.Actions, want) {
				t.Errorf("actions %v, the requests need %v", definition.Actions, want)
			}
			if want := slices.Sorted(maps.Keys(dataActions)); !slices.Equal(definition.DataActions, want) {
				t.Errorf("data actions %v, the requests need %v", definition.DataActions, want)
			}
			if !slices.Contains(definition.NotDataActions, containersNamespace+"blobs/delete") {
				t.Error("it may delete")
			}
		})
	}
}
