package gcsworm_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// stub is as much of the service as there is no local server for: it keeps and
// enforces retention and holds, and records what it is sent. Objects, generations
// and preconditions it does as well as that needs.
type stub struct {
	*httptest.Server
	mu          sync.Mutex
	generations int64
	objects     map[string][]*object
	sent        []sent
	uploads     []*upload
	interfere   func(o *object) // called before a PATCH, as another writer would
}

// sent is one request that changes something.
type sent struct {
	method, path string
	query        map[string][]string
	body         map[string]any // the object resource
}

// object is one generation.
type object struct {
	generation, metageneration int64
	content                    []byte
	resource                   map[string]any
}

func startStub(t testing.TB) *stub {
	s := &stub{objects: map[string][]*object{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *stub) host() string { return strings.TrimPrefix(s.URL, "http://") }

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rest, api := strings.CutPrefix(r.URL.Path, "/storage/v1/b/bucket")
	name, isObject := strings.CutPrefix(rest, "/o/")
	switch {
	case r.URL.Path == "/upload/session":
		s.resume(w, r)
	case r.Method == http.MethodPost && r.URL.Query().Get("uploadType") == "resumable":
		s.start(w, r)
	case r.Method == http.MethodPost:
		s.create(w, r)
	case api && rest == "":
		reply(w, map[string]any{"name": "bucket", "versioning": map[string]any{"enabled": true}, "objectRetention": map[string]any{"mode": "Enabled"}})
	case api && rest == "/o":
		s.list(w, r.URL.Query().Get("prefix"), r.URL.Query().Get("versions") == "true")
	case api && isObject && r.Method == http.MethodPatch:
		s.patch(w, r, name)
	case api && isObject:
		if o := s.find(r, name); o != nil {
			reply(w, o.described(name))
			return
		}
		refuse(w, http.StatusNotFound, "notFound")
	default:
		o := s.find(r, strings.TrimPrefix(r.URL.Path, "/bucket/"))
		if o == nil {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("X-Goog-Generation", strconv.FormatInt(o.generation, 10))
		w.Header().Set("Content-Length", strconv.Itoa(len(o.content)))
		w.Write(o.content)
	}
}

func (s *stub) find(r *http.Request, name string) *object {
	all := s.objects[name]
	if g := r.URL.Query().Get("generation"); g != "" {
		at := slices.IndexFunc(all, func(o *object) bool { return strconv.FormatInt(o.generation, 10) == g })
		if at < 0 {
			return nil
		}
		return all[at]
	}
	if len(all) == 0 {
		return nil
	}
	return all[len(all)-1]
}

func (s *stub) create(w http.ResponseWriter, r *http.Request) {
	_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		refuse(w, http.StatusBadRequest, "invalid")
		return
	}
	parts := multipart.NewReader(r.Body, params["boundary"])
	var resource map[string]any
	first, err := parts.NextPart()
	if err == nil {
		err = json.NewDecoder(first).Decode(&resource)
	}
	second, err2 := parts.NextPart()
	if err != nil || err2 != nil {
		refuse(w, http.StatusBadRequest, "invalid")
		return
	}
	content, err := io.ReadAll(second)
	if err != nil {
		return
	}
	s.sent = append(s.sent, sent{r.Method, r.URL.Path, r.URL.Query(), resource})
	s.store(w, r, resource, content)
}

// upload is a resumable upload that has been started.
type upload struct {
	request  *http.Request
	resource map[string]any
	content  []byte
}

func (s *stub) start(w http.ResponseWriter, r *http.Request) {
	u := &upload{request: r}
	if err := json.NewDecoder(r.Body).Decode(&u.resource); err != nil {
		refuse(w, http.StatusBadRequest, "invalid")
		return
	}
	s.sent = append(s.sent, sent{r.Method, r.URL.Path, r.URL.Query(), u.resource})
	s.uploads = append(s.uploads, u)
	w.Header().Set("Location", fmt.Sprintf("http://%s/upload/session?id=%d", r.Host, len(s.uploads)-1))
}

// resume takes the next chunk; the last says how many bytes there are in all.
func (s *stub) resume(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.Atoi(r.URL.Query().Get("id"))
	chunk, readErr := io.ReadAll(r.Body)
	if err != nil || readErr != nil || id >= len(s.uploads) {
		refuse(w, http.StatusBadRequest, "invalid")
		return
	}
	u := s.uploads[id]
	u.content = append(u.content, chunk...)
	if strings.HasSuffix(r.Header.Get("Content-Range"), "/*") {
		w.Header().Set("Range", fmt.Sprintf("bytes=0-%d", len(u.content)-1))
		w.Header().Set("X-Http-Status-Code-Override", "308")
		return
	}
	s.store(w, u.request, u.resource, u.content)
}

// store makes a generation, if that is allowed.
func (s *stub) store(w http.ResponseWriter, r *http.Request, resource map[string]any, content []byte) {
	name := fmt.Sprint(resource["name"])
	if r.URL.Query().Get("ifGenerationMatch") == "0" && len(s.objects[name]) > 0 {
		refuse(w, http.StatusPreconditionFailed, "conditionNotMet")
		return
	}
	s.generations++
	o := &object{generation: s.generations, metageneration: 1, content: content, resource: resource}
	s.objects[name] = append(s.objects[name], o)
	reply(w, o.described(name))
}

// patch enforces what the service does: retention that is Locked only grows, one
// that is Unlocked shrinks or changes its mode only when told to override.
func (s *stub) patch(w http.ResponseWriter, r *http.Request, name string) {
	var change map[string]any
	if err := json.NewDecoder(r.Body).Decode(&change); err != nil {
		refuse(w, http.StatusBadRequest, "invalid")
		return
	}
	s.sent = append(s.sent, sent{r.Method, r.URL.Path, r.URL.Query(), change})
	o := s.find(r, name)
	if o == nil {
		refuse(w, http.StatusNotFound, "notFound")
		return
	}
	if s.interfere != nil {
		s.interfere(o)
	}
	if m := r.URL.Query().Get("ifMetagenerationMatch"); m != "" && m != strconv.FormatInt(o.metageneration, 10) {
		refuse(w, http.StatusPreconditionFailed, "conditionNotMet")
		return
	}
	if to, ok := change["retention"].(map[string]any); ok {
		have, _ := o.resource["retention"].(map[string]any)
		if weakens(have, to) && (have["mode"] == "Locked" || r.URL.Query().Get("overrideUnlockedRetention") != "true") {
			refuse(w, http.StatusForbidden, "retentionPolicyNotMet")
			return
		}
		o.resource["retention"] = to
	}
	if hold, ok := change["temporaryHold"]; ok {
		o.resource["temporaryHold"] = hold
	}
	o.metageneration++
	reply(w, o.described(name))
}

func weakens(have, to map[string]any) bool {
	if have == nil {
		return false
	}
	had, _ := time.Parse(time.RFC3339, fmt.Sprint(have["retainUntilTime"]))
	gets, _ := time.Parse(time.RFC3339, fmt.Sprint(to["retainUntilTime"]))
	return gets.Before(had) || have["mode"] != to["mode"]
}

func (s *stub) list(w http.ResponseWriter, prefix string, versions bool) {
	items := []any{}
	for _, name := range slices.Sorted(maps.Keys(s.objects)) {
		for i, o := range s.objects[name] {
			current := i == len(s.objects[name])-1
			if !strings.HasPrefix(name, prefix) || !current && !versions {
				continue
			}
			d := o.described(name)
			if !current {
				d["timeDeleted"] = time.Now().UTC().Format(time.RFC3339)
			}
			items = append(items, d)
		}
	}
	reply(w, map[string]any{"kind": "storage#objects", "items": items})
}

func (o *object) described(name string) map[string]any {
	d := map[string]any{
		"name": name, "bucket": "bucket", "size": strconv.Itoa(len(o.content)), "timeCreated": time.Now().UTC().Format(time.RFC3339),
		"generation": strconv.FormatInt(o.generation, 10), "metageneration": strconv.FormatInt(o.metageneration, 10),
	}
	for _, field := range []string{"metadata", "retention", "temporaryHold", "contentType"} {
		if v, ok := o.resource[field]; ok {
			d[field] = v
		}
	}
	return d
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v)
}

func refuse(w http.ResponseWriter, status int, reason string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"error": {"code": %d, "message": "stub", "errors": [{"reason": %q, "message": "stub"}]}}`, status, reason)
}
