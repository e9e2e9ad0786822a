package exportlog

import (
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"
)

// request is one call of Append on its way into the log.
type request struct {
	rows      []Row
	templates [][]byte     // of the rows
	bytes     int          // no more than this in the commit
	done      chan outcome // buffered: the writer never waits for a caller that left

	moves    map[int]int64 // rows that correct where the evidence of an export lies, and that export
	known    known         // what the log has of its packets and exports below the base
	proposed map[int]bool  // rows that were put into the inbox as new
	guest    bool          // another writer's, from the inbox

	by trace.SpanContext // of the call; may be invalid
}

type outcome struct {
	rows []Appended
	err  error
}

// linger is how long a commit waits, at the most, for the calls that were answered
// by the one before it: callers that were answered together come back together.
const linger = 2 * time.Millisecond

// queue groups what is appended while a commit is in flight into the next one.
// A writer goroutine runs only while there is something to write.
type queue struct {
	mu      sync.Mutex
	waiting []*request
	writing bool
	closed  bool
	writer  sync.WaitGroup

	expected int           // calls that the last commit answered or kept waiting
	enough   chan struct{} // closed when as many are waiting; nil when nobody lingers
}

// put queues a request and starts the writer if there is none. It reports false
// when the queue is closed.
func (q *queue) put(r *request, write func(group []*request)) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	q.waiting = append(q.waiting, r)
	if q.enough != nil && len(q.waiting) >= q.expected {
		close(q.enough)
		q.enough = nil
	}
	if !q.writing {
		q.writing = true
		q.writer.Go(func() {
			for group := q.take(); len(group) > 0; group = q.take() {
				write(group)
			}
		})
	}
	return true
}

// take removes the requests that fit into one commit, first come first served.
// When none are left, the writer is done.
func (q *queue) take() []*request {
	q.gather()
	q.mu.Lock()
	defer q.mu.Unlock()
	n, rows, bytes := 0, 0, 0
	for _, r := range q.waiting {
		rows += len(r.rows)
		bytes += r.bytes
		if rows > MaxCommitRows || bytes > MaxCommitBytes {
			break
		}
		n++
	}
	group := slices.Clone(q.waiting[:n])
	q.waiting = slices.Delete(q.waiting, 0, n)
	q.writing = n > 0
	return group
}

// answer notes that so many calls are about to be answered. They may be back soon,
// and would wait for a whole commit if those that wait already went without them.
func (q *queue) answer(calls int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.expected = calls + len(q.waiting)
}

// gather waits until the calls that were answered are back, or for the linger. A
// caller alone never waits.
func (q *queue) gather() {
	q.mu.Lock()
	if q.expected < 2 || len(q.waiting) >= q.expected || q.closed {
		q.mu.Unlock()
		return
	}
	enough := make(chan struct{})
	q.enough = enough
	q.mu.Unlock()
	timer := time.NewTimer(linger)
	defer timer.Stop()
	select {
	case <-enough:
	case <-timer.C:
	}
	q.mu.Lock()
	q.enough = nil
	q.mu.Unlock()
}

// busy reports whether something is being written.
func (q *queue) busy() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.writing
}

// withdraw removes a request that no writer has taken yet, and reports whether
// it did.
func (q *queue) withdraw(r *request) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	at := slices.Index(q.waiting, r)
	if at < 0 {
		return false
	}
	q.waiting = slices.Delete(q.waiting, at, at+1)
	return true
}

// close refuses what comes later and waits for what was queued.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.writer.Wait()
}
