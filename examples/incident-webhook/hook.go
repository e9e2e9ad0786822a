package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/holdfast-archive/holdfast/linkage"
)

const (
	maxBody      = 1 << 20
	maxDone      = 10_000
	hookDeadline = 8 * time.Second // both senders wait ten at most
)

// source is a system that tells of incidents and takes comments on them.
type source interface {
	verify(h http.Header, body []byte) bool
	parse(body []byte) (incident, error)
	comment(id, text string) (*http.Request, error)
}

// hook answers a source's webhook. An incident is dealt with before it is answered: what
// fails is not acknowledged, and so it is sent again.
type hook struct {
	source source
	linker *linkage.Linker
	sla    time.Duration

	mu   sync.Mutex // incidents are few: one at a time
	done map[string]bool
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "too large, or cut off", http.StatusRequestEntityTooLarge)
		return
	}
	if !h.source.verify(r.Header, body) {
		http.Error(w, "not signed with our secret", http.StatusUnauthorized)
		return
	}
	i, err := h.source.parse(body)
	if errors.Is(err, errNotOurs) {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if err != nil || i.ID == "" {
		http.Error(w, "not an incident", http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), hookDeadline)
	defer cancel()
	if err := h.once(ctx, i); err != nil {
		slog.Error("incident not bound yet", "incident_ticket_id", i.ID, "error", err)
		http.Error(w, "send it again", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// once deals with an incident that was not dealt with before. The log knows for good
// what is bound; done keeps a second delivery from a second comment.
func (h *hook) once(ctx context.Context, i incident) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.done[i.ID] {
		return nil
	}
	text, err := h.bind(ctx, i)
	if err != nil {
		return err
	}
	if err := h.say(ctx, i.ID, text); err != nil {
		return err
	}
	if h.done == nil || len(h.done) >= maxDone {
		h.done = map[string]bool{}
	}
	h.done[i.ID] = true
	return nil
}

func (h *hook) say(ctx context.Context, id, text string) error {
	req, err := h.source.comment(id, text)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req.WithContext(ctx))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("comment on %s: %s", id, resp.Status)
	}
	return nil
}

func post(url string, body any) (*http.Request, error) {
	b, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	return req, nil
}
