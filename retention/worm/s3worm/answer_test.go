package s3worm_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// stub answers as S3 does what no test server can be made to answer. It is a
// bucket with object lock in which nothing is found, and every write is answered
// with status and code; the writes are kept to be looked at.
type stub struct {
	*httptest.Server
	status int
	code   string
	writes []*http.Request
}

func startStub(t *testing.T, status int, code string) *stub {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	s := &stub{status: status, code: code}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	switch {
	case q.Has("versioning"):
		io.WriteString(w, "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")
	case q.Has("object-lock"):
		io.WriteString(w, "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>")
	case q.Has("uploads") && q.Get("prefix") == "p/packets/" && q.Get("key-marker")+q.Get("upload-id-marker") == "":
		io.WriteString(w, `<R><IsTruncated>true</IsTruncated><NextKeyMarker>p/packets/k</NextKeyMarker><NextUploadIdMarker>1</NextUploadIdMarker>
			<Upload><Key>p/packets/k</Key><UploadId>1</UploadId><Initiated>2026-09-01T10:22:00Z</Initiated></Upload></R>`)
	case q.Has("uploads") && q.Get("key-marker") == "p/packets/k" && q.Get("upload-id-marker") == "1":
		io.WriteString(w, `<R><Upload><Key>p/packets/k</Key><UploadId>2</UploadId><Initiated>2026-09-01T10:22:00Z</Initiated></Upload>
			<Upload><Key>p/packets/k</Key><UploadId>3</UploadId><Initiated>2026-09-02T10:22:00Z</Initiated></Upload></R>`)
	case r.Method == http.MethodGet, r.Method == http.MethodHead:
		w.WriteHeader(http.StatusNotFound)
	default:
		io.Copy(io.Discard, r.Body)
		s.writes = append(s.writes, r)
		w.WriteHeader(s.status)
		if s.code != "" {
			fmt.Fprintf(w, "<Error><Code>%s</Code><Message>stub</Message></Error>", s.code)
		}
	}
}

// Each answer to a create is taken for what it is. What is not known to have been
// refused is unknown, and a create is sent once.
func TestAnswersToCreate(t *testing.T) {
	for _, c := range []struct {
		status int
		code   string
		want   error
	}{
		{409, "ConditionalRequestConflict", worm.ErrConflict},
		{409, "OperationAborted", worm.ErrConflict},
		{400, "BadDigest", worm.ErrCorrupt},
		{400, "XAmzContentSHA256Mismatch", worm.ErrCorrupt},
		{404, "NoSuchBucket", worm.ErrNotFound},
		{501, "NotImplemented", worm.ErrOutcomeUnknown},
		{400, "RequestTimeout", errPlain},
		{403, "AccessDenied", errPlain},
		{400, "InvalidRequest", errPlain},
		{408, "", worm.ErrOutcomeUnknown},
		{429, "", worm.ErrOutcomeUnknown},
		{500, "InternalError", worm.ErrOutcomeUnknown},
		{503, "SlowDown", worm.ErrOutcomeUnknown},
		{503, "ServiceUnavailable", worm.ErrOutcomeUnknown},
		{504, "", worm.ErrOutcomeUnknown},
	} {
		t.Run(fmt.Sprint(c.status, " ", c.code), func(t *testing.T) {
			s := startStub(t, c.status, c.code)
			_, err := put(t, open(t, gateway{}.url("bucket", s.URL, "")), "k", "body", retention.Lock{})
			if c.want != errPlain && !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
			if c.want == errPlain && (err == nil || errors.Is(err, worm.ErrOutcomeUnknown) || errors.Is(err, worm.ErrExists)) {
				t.Errorf("error %v, want a plain refusal", err)
			}
			if len(s.writes) != 1 {
				t.Errorf("%d requests, want one", len(s.writes))
			}
		})
	}
}

// errPlain stands for an error that is none of the typed ones.
var errPlain = errors.New("plain")

// 412 for a key that then turns out to be free to read is no outcome of ours.
func TestRefusedAndNotThere(t *testing.T) {
	s := startStub(t, 412, "PreconditionFailed")
	_, err := put(t, open(t, gateway{}.url("bucket", s.URL, "")), "k", "body", retention.Lock{})
	if err == nil || errors.Is(err, worm.ErrOutcomeUnknown) || !errors.Is(err, worm.ErrNotFound) {
		t.Errorf("error %v", err)
	}
}

// What leaves us stores, locks and checks in one request.
func TestOneRequestStoresAndLocks(t *testing.T) {
	s := startStub(t, 403, "AccessDenied")
	put(t, open(t, gateway{}.url("bucket", s.URL, "&prefix=p/")), "k", "body", retention.Lock{Mode: retention.Compliance, Until: far, LegalHold: true})
	if len(s.writes) != 1 {
		t.Fatalf("%d requests, want one", len(s.writes))
	}
	r := s.writes[0]
	if r.Method != http.MethodPut || r.URL.Path != "/bucket/p/k" {
		t.Errorf("%s %s", r.Method, r.URL.Path)
	}
	for name, want := range map[string]string{
		"If-None-Match":                       "*",
		"X-Amz-Object-Lock-Mode":              "COMPLIANCE",
		"X-Amz-Object-Lock-Retain-Until-Date": "2099-01-01T00:00:00Z",
		"X-Amz-Object-Lock-Legal-Hold":        "ON",
		"X-Amz-Checksum-Sha256":               "Iw2DWNyOiJC0xY3utikS7i8gNXrpKlzIYbmOaP4xrLU=",
		"X-Amz-Meta-Sha256":                   "230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5",
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if got := r.Header.Get("X-Amz-Bypass-Governance-Retention"); got != "" {
		t.Errorf("it asks to bypass: %q", got)
	}
}

// Uploads are counted page after page, under the store's own prefix.
func TestCountUploads(t *testing.T) {
	s := open(t, gateway{}.url("bucket", startStub(t, 403, "AccessDenied").URL, "&prefix=p/"))
	n, err := s.CountUploads(t.Context(), "packets/", time.Date(2026, 9, 2, 0, 0, 0, 0, time.UTC))
	if err != nil || n != 2 {
		t.Errorf("%d uploads, %v", n, err)
	}
}
