package main

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
)

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	dir := t.TempDir()
	signer, err := manifest.CreateKey(dir + "/key")
	must(t, err)
	t.Setenv("HOLDFAST_BUCKET", (&url.URL{Scheme: "file", Path: dir + "/bucket", RawQuery: "create_dir=true"}).String())
	a, err := archive.Open(t.Context(), os.Getenv("HOLDFAST_BUCKET"), archive.Config{Signer: signer, Operator: "platform/argo-rollouts"})
	must(t, err)
	t.Cleanup(func() { a.Close() })
	return &receiver{archive: a, packets: os.DirFS("testdata/packets"), token: "t0ken"}
}

func post(r *receiver, token string, body []byte) int {
	req := httptest.NewRequest(http.MethodPost, "/rollouts", bytes.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	r.ServeHTTP(w, req)
	return w.Code
}

func (r *receiver) rows(t *testing.T, q exportlog.Query) []exportlog.Row {
	t.Helper()
	rows, err := r.archive.Log().Find(t.Context(), q)
	must(t, err)
	return rows
}

func TestCompleted(t *testing.T) {
	r := newReceiver(t)
	body := render(t, "holdfast-completed", "testdata/rollout-completed.json", nil)
	for range 3 { // Argo may say it more than once
		if got := post(r, "t0ken", body); got != http.StatusNoContent {
			t.Fatalf("answered with %d", got)
		}
	}
	if rows := r.rows(t, exportlog.Query{PromotionPacketID: "pp-20260811-payments-0027"}); len(rows) != 1 {
		t.Errorf("%d rows", len(rows))
	}
}

func TestAborted(t *testing.T) {
	r := newReceiver(t)
	body := render(t, "holdfast-aborted", "testdata/rollout-aborted.json", nil)
	for range 2 {
		if got := post(r, "t0ken", body); got != http.StatusNoContent {
			t.Fatalf("answered with %d", got)
		}
	}
	links := r.rows(t, exportlog.Query{RollbackEventID: "argo-abort/shop/payments/7"})
	if len(links) != 1 || links[0].SubjectExportRowID != 1 || !strings.Contains(links[0].DivergenceSummary, `“expected” ≥ 98.5%`) {
		t.Errorf("%+v", links)
	}
}

func TestRefused(t *testing.T) {
	r := newReceiver(t)
	for what, c := range map[string]struct {
		token, body string
		want        int
	}{
		"another token":        {"guessed", `{}`, http.StatusUnauthorized},
		"no JSON":              {"t0ken", `{`, http.StatusBadRequest},
		"out of the folder":    {"t0ken", `{"event": "completed", "promotion_packet_id": "../packets/pp-20260804-payments-0019"}`, http.StatusUnprocessableEntity},
		"a packet yet to come": {"t0ken", `{"event": "completed", "promotion_packet_id": "pp-20260812"}`, http.StatusServiceUnavailable},
	} {
		if got := post(r, c.token, []byte(c.body)); got != c.want {
			t.Errorf("%s: answered with %d, want %d", what, got, c.want)
		}
	}
	r.token = ""
	if got := post(r, "", nil); got != http.StatusUnauthorized {
		t.Errorf("a receiver without a token answers %d", got)
	}
}

// The analysis fails while an earlier promotion is missing, and passes when it is there.
func TestCovered(t *testing.T) {
	r := newReceiver(t)
	must(t, r.take(t.Context(), notification{Event: "completed", PromotionPacketID: "pp-20260811-payments-0027"}))
	err := run(t.Context(), []string{"covered", "testdata/replicasets.json"})
	if !errors.Is(err, errNotCovered) || !strings.Contains(err.Error(), "1 of 2") {
		t.Fatalf("it says %v", err)
	}
	must(t, r.take(t.Context(), notification{Event: "completed", PromotionPacketID: "pp-20260804-payments-0019"}))
	must(t, run(t.Context(), []string{"covered", "testdata/replicasets.json"}))
	if err := run(t.Context(), []string{"covered", "testdata/absent.json"}); err == nil || errors.Is(err, errNotCovered) {
		t.Errorf("without a list it says %v", err)
	}
}

// Nobody tells of an undo. The revisions do, once, however often they are looked at.
func TestUndone(t *testing.T) {
	r := newReceiver(t)
	for _, id := range []string{"pp-20260804-payments-0019", "pp-20260811-payments-0027"} {
		must(t, r.take(t.Context(), notification{Event: "completed", PromotionPacketID: id}))
	}
	must(t, run(t.Context(), []string{"undone", "testdata/replicasets.json"}))
	if links := r.rows(t, exportlog.Query{PromotionPacketID: "pp-20260811-payments-0027"}); len(links) != 1 {
		t.Fatalf("nothing was undone yet, and there are %d rows", len(links))
	}
	for range 2 {
		must(t, run(t.Context(), []string{"undone", "testdata/replicasets-undone.json"}))
	}
	links := r.rows(t, exportlog.Query{RollbackEventID: "argo-undo/shop/payments/8"})
	if len(links) != 1 || links[0].PromotionPacketID != "pp-20260811-payments-0027" || links[0].SubjectExportRowID != 2 {
		t.Errorf("%+v", links)
	}
}
