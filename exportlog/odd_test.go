package exportlog_test

import (
	"context"
	"io"
	"iter"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
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

// blind lists no proposals but the caller's own, which it does not know; so none.
type blind struct{ worm.Driver }

func (b *blind) List(ctx context.Context, prefix string) iter.Seq2[worm.Entry, error] {
	if strings.HasPrefix(prefix, "log/inbox/") {
		return func(func(worm.Entry, error) bool) {}
	}
	return b.Driver.List(ctx, prefix)
}

// openWithoutCleanup opens a log that may never come to rest.
func openWithoutCleanup(t *testing.T, d worm.Driver) *exportlog.Log {
	t.Helper()
	store, err := worm.New(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
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
