package exportlog_test

import (
	"bytes"
	"context"
	"io"
	"iter"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
)

// Drivers that behave oddly.

// current is the bucket that a swapped driver shows, if there is one.
var current atomic.Pointer[memworm.Bucket]

// swapped is a bucket that somebody replaces with another.
type swapped struct{ *memworm.Bucket }

func (s *swapped) now() *memworm.Bucket {
	if b := current.Load(); b != nil {
		return b
	}
	return s.Bucket
}

func (s *swapped) Create(ctx context.Context, in worm.Creation) (worm.Ref, error) {
	return s.now().Create(ctx, in)
}

func (s *swapped) Open(ctx context.Context, ref worm.Ref) (io.ReadCloser, error) {
	return s.now().Open(ctx, ref)
}

func (s *swapped) State(ctx context.Context, ref worm.Ref) (worm.Object, error) {
	return s.now().State(ctx, ref)
}

func (s *swapped) List(ctx context.Context, prefix string) iter.Seq2[worm.Entry, error] {
	return s.now().List(ctx, prefix)
}

// helper sees the commits that a writer is about to store, and has stored. One that
// is eager shows its writer that it comes first among the proposals for each.
type helper struct {
	worm.Driver
	before, after func(lines int)
	eager         bool

	mu  sync.Mutex
	own map[string]bool // proposals
}

func (h *helper) Create(ctx context.Context, in worm.Creation) (worm.Ref, error) {
	if strings.HasPrefix(in.Key, "log/inbox/") {
		h.mu.Lock()
		if h.own == nil {
			h.own = map[string]bool{}
		}
		h.own[in.Key] = true
		h.mu.Unlock()
	}
	if !strings.HasPrefix(in.Key, "log/commits/") {
		return h.Driver.Create(ctx, in)
	}
	body, err := io.ReadAll(in.Body)
	if err != nil {
		return worm.Ref{}, err
	}
	in.Body = bytes.NewReader(body)
	lines := bytes.Count(body, []byte("\n"))
	if h.before != nil {
		h.before(lines)
	}
	ref, err := h.Driver.Create(ctx, in)
	if err == nil && h.after != nil {
		h.after(lines)
	}
	return ref, err
}

func (h *helper) List(ctx context.Context, prefix string) iter.Seq2[worm.Entry, error] {
	if !h.eager || !strings.HasPrefix(prefix, "log/inbox/") {
		return h.Driver.List(ctx, prefix)
	}
	return func(yield func(worm.Entry, error) bool) {
		var first, others []worm.Entry
		for e, err := range h.Driver.List(ctx, prefix) {
			if err != nil {
				yield(worm.Entry{}, err)
				return
			}
			h.mu.Lock()
			own := h.own[e.Ref.Key]
			h.mu.Unlock()
			if own {
				first = append(first, e)
			} else {
				others = append(others, e)
			}
		}
		for _, e := range append(first, others...) {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// beforeList does something once, before something is listed.
type beforeList struct {
	worm.Driver
	prefix string
	do     func()
	once   sync.Once
}

func (b *beforeList) List(ctx context.Context, prefix string) iter.Seq2[worm.Entry, error] {
	if strings.HasPrefix(prefix, b.prefix) {
		b.once.Do(b.do)
	}
	return b.Driver.List(ctx, prefix)
}

// openWithoutCleanup opens a log that may never come to rest.
func openWithoutCleanup(t *testing.T, d worm.Driver) *exportlog.Log {
	t.Helper()
	store := wormtest.Store(t, d)
	return exportlog.Open(store, exportlog.Config{Lock: longest, Clock: func() time.Time { return noon }, Patience: 10 * time.Second})
}

// named reports whether a finding of a kind names an object and a row; row 0 is any.
func named(report exportlog.Report, kind exportlog.FindingKind, object string, row int64) bool {
	for _, f := range report.Findings {
		if f.Kind == kind && f.Object == object && (row == 0 || f.ExportRowID == row) {
			return true
		}
	}
	return false
}

// serial lets one write through at a time.
func serial(d worm.Driver) worm.Driver { return &oneByOne{Driver: d, gate: make(chan struct{}, 1)} }

type oneByOne struct {
	worm.Driver
	gate chan struct{}
}

func (o *oneByOne) Create(ctx context.Context, in worm.Creation) (worm.Ref, error) {
	o.gate <- struct{}{}
	defer func() { <-o.gate }()
	return o.Driver.Create(ctx, in)
}
