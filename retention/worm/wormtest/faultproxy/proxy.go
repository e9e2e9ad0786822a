// Package faultproxy is a reverse proxy that makes a real server's network fail:
// it refuses writes, applies them and loses the reply, repeats them, delays them,
// or answers what busy clouds answer.
package faultproxy

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Fault is what happens to one request.
type Fault int

// The faults.
const (
	None      Fault = iota
	Refuse          // 503, and nothing was applied
	Drop            // applied, and the connection closed without a reply
	Fail            // applied, and 503 said
	Duplicate       // applied twice, and the second reply given
	Delay           // the connection closed at once, and applied a while later
	Hang            // not applied, and no reply until the client gives up
	Conflict        // 409 ConditionalRequestConflict, and nothing was applied
	SlowDown        // 503 SlowDown, and nothing was applied
	TooMany         // 429, and nothing was applied
	SlowBody        // applied, and the reply trickles in
)

var names = [...]string{"none", "refuse", "apply and drop", "apply and fail", "duplicate", "delay", "hang", "409 conflict", "503 slow down", "429 too many", "slow body"}

func (f Fault) String() string { return names[f] }

// Faults returns all faults but None.
func Faults() []Fault {
	return []Fault{Refuse, Drop, Fail, Duplicate, Delay, Hang, Conflict, SlowDown, TooMany, SlowBody}
}

// delayed is how much later a delayed request is applied: past any read-back.
const delayed = 30 * time.Millisecond

// Proxy stands before a server.
type Proxy struct {
	URL string // http://127.0.0.1:port

	plan     func(*http.Request) Fault
	forward  *httputil.ReverseProxy
	pending  sync.WaitGroup
	injected atomic.Int64
}

// Start starts a proxy before the server at an address such as
// http://127.0.0.1:7070. It asks plan what to do with each request.
func Start(t testing.TB, server string, plan func(*http.Request) Fault) *Proxy {
	t.Helper()
	to, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{plan: plan, forward: &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			if strings.HasPrefix(r.In.Header.Get("Authorization"), "AWS4-") {
				r.Out.Host = r.In.Host // it is part of what is signed
			}
		},
		Transport:    &http.Transport{MaxIdleConnsPerHost: 128},
		BufferPool:   buffers{},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { panic(http.ErrAbortHandler) },
	}}
	listening := httptest.NewServer(p)
	p.URL = listening.URL
	t.Cleanup(func() {
		p.Settle()
		listening.CloseClientConnections()
		listening.Close()
	})
	return p
}

// buffers lends what replies are copied through.
type buffers struct{}

var spare = sync.Pool{New: func() any { return new([32 << 10]byte) }}

func (buffers) Get() []byte  { return spare.Get().(*[32 << 10]byte)[:] }
func (buffers) Put(b []byte) { spare.Put((*[32 << 10]byte)(b)) }

// Injected returns how many requests were made to fail.
func (p *Proxy) Injected() int64 { return p.injected.Load() }

// Settle waits until every delayed request has been applied.
func (p *Proxy) Settle() { p.pending.Wait() }

// ServeHTTP implements [http.Handler].
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fault := p.plan(r)
	if fault == None {
		p.forward.ServeHTTP(w, r)
		return
	}
	p.injected.Add(1)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	switch fault {
	case Refuse:
		w.WriteHeader(http.StatusServiceUnavailable)
	case Drop:
		p.apply(r, body)
		panic(http.ErrAbortHandler) // closes the connection
	case Fail:
		p.apply(r, body)
		w.WriteHeader(http.StatusServiceUnavailable)
	case Duplicate:
		p.apply(r, body)
		reply(w, p.apply(r, body))
	case Delay:
		p.pending.Go(func() {
			defer func() { recover() }() // the server may be gone by now, and nobody waits for it
			time.Sleep(delayed)
			p.apply(r, body)
		})
		panic(http.ErrAbortHandler)
	case Hang:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case Conflict:
		answer(w, http.StatusConflict, "ConditionalRequestConflict")
	case SlowDown:
		answer(w, http.StatusServiceUnavailable, "SlowDown")
	case TooMany:
		answer(w, http.StatusTooManyRequests, "TooManyRequests")
	case SlowBody:
		trickle(w, p.apply(r, body))
	}
}

// apply sends a request on to the server, whether or not its client still waits.
func (p *Proxy) apply(r *http.Request, body []byte) *httptest.ResponseRecorder {
	again := r.Clone(context.WithoutCancel(r.Context()))
	again.Body = io.NopCloser(bytes.NewReader(body))
	got := httptest.NewRecorder()
	p.forward.ServeHTTP(got, again)
	return got
}

func reply(w http.ResponseWriter, got *httptest.ResponseRecorder) {
	copyHeader(w, got)
	w.Write(got.Body.Bytes())
}

// trickle replies byte by byte, though not for ever.
func trickle(w http.ResponseWriter, got *httptest.ResponseRecorder) {
	copyHeader(w, got)
	body := got.Body.Bytes()
	for i := range min(len(body), 20) {
		w.Write(body[i : i+1])
		http.NewResponseController(w).Flush()
		time.Sleep(time.Millisecond)
	}
	w.Write(body[min(len(body), 20):])
}

func copyHeader(w http.ResponseWriter, got *httptest.ResponseRecorder) {
	for name, values := range got.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(got.Code)
}

// answer says no in S3's words; what the other clouds read is the status.
func answer(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	io.WriteString(w, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>`+code+`</Code><Message>injected</Message></Error>`)
}
