package main

import (
	"bytes"
	"context"
	"sync"
	"time"
)

// latency is what a request to a remote store takes.
const latency = 20 * time.Millisecond

// remote is one JSONL object in a store that replaces it only for who has read what
// is there, as S3 does with If-Match: nobody's lines are lost, and whoever comes
// second reads it again.
type remote struct {
	mu       sync.Mutex
	body     []byte
	version  int
	requests int
}

// add appends a line by reading the object and writing it anew.
func (r *remote) add(_ context.Context, id string) error {
	for {
		body, version := r.read()
		if r.replace(append(bytes.Clone(body), line(id)...), version) {
			return nil
		}
	}
}

func (r *remote) read() ([]byte, int) {
	time.Sleep(latency)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests++
	return r.body, r.version
}

func (r *remote) replace(body []byte, version int) bool {
	time.Sleep(latency)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests++
	if r.version != version {
		return false
	}
	r.body, r.version = body, version+1
	return true
}
