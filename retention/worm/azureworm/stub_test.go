package azureworm_test

import (
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/retention/worm/wormtest/servers"
)

// stub is as much of the service as there is no local server for: it keeps and
// enforces immutability policies and legal holds, has versions, and records what
// it is sent.
type stub struct {
	*httptest.Server
	mu       sync.Mutex
	versions int
	blobs    map[string][]*version
	blocks   map[string][]byte
	sent     []*http.Request
	fail     func(r *http.Request) bool // answers 500 and does nothing
	careless bool                       // takes no lock with a list of blocks
}

type version struct {
	id      string
	content []byte
	header  http.Header // what a GET of it says: metadata, policy, hold
}

func startStub(t testing.TB) *stub {
	s := &stub{blobs: map[string][]*version{}, blocks: map[string][]byte{}, fail: func(*http.Request) bool { return false }}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *stub) host() string { return strings.TrimPrefix(s.URL, "http://") }

const policyMode, policyUntil, legalHold = "X-Ms-Immutability-Policy-Mode", "X-Ms-Immutability-Policy-Until-Date", "X-Ms-Legal-Hold"

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	if s.fail(r) {
		refuse(w, http.StatusInternalServerError, "InternalError")
		return
	}
	q := r.URL.Query()
	name := strings.TrimPrefix(r.URL.Path, "/"+servers.AzuriteAccount+"/container/")
	if r.Method == http.MethodPut {
		s.sent = append(s.sent, r)
	}
	switch {
	case q.Get("comp") == "list":
		s.list(w, q.Get("prefix"), strings.Contains(q.Get("include"), "versions"))
	case q.Get("restype") == "container":
		w.Header().Set("X-Ms-Immutable-Storage-With-Versioning-Enabled", "true")
	case r.Method == http.MethodPut && q.Get("comp") == "block":
		s.blocks[q.Get("blockid")] = body
		w.WriteHeader(http.StatusCreated)
	case r.Method == http.MethodPut && q.Get("comp") == "blocklist":
		s.create(w, r, name, s.assemble(body))
	case r.Method == http.MethodPut && q.Get("comp") == "":
		s.create(w, r, name, body)
	case s.find(r, name) == nil:
		refuse(w, http.StatusNotFound, "BlobNotFound")
	case q.Get("comp") == "immutabilityPolicies":
		s.setPolicy(w, r, s.find(r, name))
	case q.Get("comp") == "legalhold":
		s.find(r, name).header.Set(legalHold, r.Header.Get(legalHold))
	default:
		s.get(w, r, name)
	}
}

func (s *stub) find(r *http.Request, name string) *version {
	all := s.blobs[name]
	if id := r.URL.Query().Get("versionid"); id != "" {
		at := slices.IndexFunc(all, func(v *version) bool { return v.id == id })
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

func (s *stub) create(w http.ResponseWriter, r *http.Request, name string, content []byte) {
	if r.Header.Get("If-None-Match") == "*" && len(s.blobs[name]) > 0 {
		refuse(w, http.StatusConflict, "BlobAlreadyExists")
		return
	}
	s.versions++
	v := &version{id: fmt.Sprintf("2026-08-04T10:30:12.%07dZ", s.versions), content: content, header: http.Header{}}
	careless := s.careless && r.URL.Query().Get("comp") == "blocklist"
	for field, values := range r.Header {
		if careless && !strings.HasPrefix(field, "X-Ms-Meta-") {
			continue
		}
		if strings.HasPrefix(field, "X-Ms-Meta-") || field == policyMode || field == policyUntil || field == legalHold {
			v.header[field] = values
		}
	}
	s.blobs[name] = append(s.blobs[name], v)
	w.Header().Set("X-Ms-Version-Id", v.id)
	w.WriteHeader(http.StatusCreated)
}

func (s *stub) assemble(list []byte) []byte {
	var blocks struct {
		Latest []string `xml:"Latest"`
	}
	if xml.Unmarshal(list, &blocks) != nil {
		return nil
	}
	var content []byte
	for _, id := range blocks.Latest {
		content = append(content, s.blocks[id]...)
	}
	return content
}

// setPolicy enforces what the service does: a Locked policy only grows.
func (s *stub) setPolicy(w http.ResponseWriter, r *http.Request, v *version) {
	had, _ := http.ParseTime(v.header.Get(policyUntil))
	gets, err := http.ParseTime(r.Header.Get(policyUntil))
	if err != nil {
		refuse(w, http.StatusBadRequest, "InvalidHeaderValue")
		return
	}
	if strings.EqualFold(v.header.Get(policyMode), "Locked") && (gets.Before(had) || !strings.EqualFold(r.Header.Get(policyMode), "Locked")) {
		refuse(w, http.StatusConflict, "BlobImmutableDueToPolicy")
		return
	}
	v.header.Set(policyMode, r.Header.Get(policyMode))
	v.header.Set(policyUntil, r.Header.Get(policyUntil))
}

func (s *stub) get(w http.ResponseWriter, r *http.Request, name string) {
	v := s.find(r, name)
	for field, values := range v.header {
		w.Header()[field] = values
	}
	w.Header().Set("X-Ms-Version-Id", v.id)
	if all := s.blobs[name]; all[len(all)-1] == v {
		w.Header().Set("X-Ms-Is-Current-Version", "true")
	}
	w.Header().Set("X-Ms-Creation-Time", time.Now().UTC().Format(http.TimeFormat))
	w.Header().Set("Content-Length", strconv.Itoa(len(v.content)))
	if r.Method == http.MethodGet {
		w.Write(v.content)
	}
}

func (s *stub) list(w http.ResponseWriter, prefix string, versions bool) {
	w.Header().Set("Content-Type", "application/xml")
	io.WriteString(w, "<EnumerationResults><Blobs>")
	for _, name := range slices.Sorted(maps.Keys(s.blobs)) {
		for i, v := range s.blobs[name] {
			current := i == len(s.blobs[name])-1
			if !strings.HasPrefix(name, prefix) || !current && !versions {
				continue
			}
			io.WriteString(w, "<Blob><Name>")
			xml.EscapeText(w, []byte(name))
			fmt.Fprintf(w, "</Name><VersionId>%s</VersionId>", v.id)
			if current {
				io.WriteString(w, "<IsCurrentVersion>true</IsCurrentVersion>")
			}
			fmt.Fprintf(w, "<Properties><Content-Length>%d</Content-Length></Properties></Blob>", len(v.content))
		}
	}
	io.WriteString(w, "</Blobs><NextMarker/></EnumerationResults>")
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("X-Ms-Error-Code", code)
	w.WriteHeader(status)
}
