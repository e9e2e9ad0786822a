package screen

import (
	"sync"
	"time"
)

// How often a bar is drawn, and from when on: what is quick needs none.
const (
	drawEvery = 200 * time.Millisecond
	drawAfter = 400 * time.Millisecond
)

// Bar shows how far something long has come: done of how many, the rate, and the time
// that is left. Where nobody watches it does nothing. Its methods may be called by several
// at once.
type Bar struct {
	terminal *terminal // nil where nobody watches
	stop     chan struct{}
	stopped  chan struct{}
	closed   sync.Once

	mu    sync.Mutex
	shown course
}

// Progress begins a bar. A total of 0 is not known yet.
func (s *Screen) Progress(what string, total int64, unit Unit) *Bar {
	if s.terminal == nil || s.Quiet {
		return &Bar{}
	}
	b := &Bar{
		terminal: s.terminal, stop: make(chan struct{}), stopped: make(chan struct{}),
		shown: course{what: what, total: total, unit: unit, begun: time.Now()},
	}
	go b.run()
	return b
}

func (b *Bar) run() {
	defer close(b.stopped)
	ticks := time.NewTicker(drawEvery)
	defer ticks.Stop()
	for {
		select {
		case <-b.stop:
			b.terminal.draw("")
			return
		case now := <-ticks.C:
			if line := b.line(now); line != "" {
				b.terminal.draw(line)
			}
		}
	}
}

func (b *Bar) line(now time.Time) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.shown.look(now)
	if now.Sub(b.shown.begun) < drawAfter {
		return ""
	}
	return b.shown.line(now, b.terminal.width())
}

// Watched reports whether anybody sees it.
func (b *Bar) Watched() bool { return b.terminal != nil }

// Set says how much is done of how much.
func (b *Bar) Set(done, total int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.shown.done, b.shown.total = done, total
}

// Expect says that there is more to do than was known.
func (b *Bar) Expect(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.shown.total += n
}

// Add says that more is done.
func (b *Bar) Add(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.shown.done += n
}

// Write says that these bytes are done, so that a bar can stand beside an io.Reader or an
// io.Writer. It never fails.
func (b *Bar) Write(done []byte) (int, error) {
	b.Add(int64(len(done)))
	return len(done), nil
}

// Close takes the bar away.
func (b *Bar) Close() {
	if b.terminal == nil {
		return
	}
	b.closed.Do(func() {
		close(b.stop)
		<-b.stopped
	})
}
