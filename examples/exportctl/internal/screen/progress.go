package screen

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"
)

// Unit is what progress is counted in.
type Unit = progress.Units

// The units.
var (
	Things Unit = progress.UnitsDefault
	Bytes  Unit = progress.UnitsBytes
)

// Bar shows how far something long has come: done of how many, the rate, and the time
// that is left. Where nobody watches it does nothing.
type Bar struct {
	writer   progress.Writer // nil where nobody watches
	tracker  *progress.Tracker
	expected atomic.Int64
	stop     sync.Once
}

// Progress begins a bar. A total of 0 is not known yet.
func (s *Screen) Progress(what string, total int64, unit Unit) *Bar {
	if !s.live || s.Quiet {
		return &Bar{}
	}
	w := progress.NewWriter()
	w.SetOutputWriter(s.Err)
	w.SetAutoStop(false)
	w.SetMessageLength(28)
	w.SetTrackerLength(28)
	w.SetUpdateFrequency(200 * time.Millisecond)
	w.SetStyle(progress.StyleCircle)
	w.Style().Visibility = progress.StyleVisibility{ETA: true, Percentage: true, Speed: true, Time: true, Tracker: true, Value: true}
	t := &progress.Tracker{Message: what, Total: total, Units: unit, RemoveOnCompletion: true}
	w.AppendTracker(t)
	go w.Render()
	return &Bar{writer: w, tracker: t}
}

// Set says how much is done of how much.
func (b *Bar) Set(done, total int64) {
	if b.writer == nil {
		return
	}
	b.tracker.UpdateTotal(total)
	b.tracker.SetValue(min(done, max(total-1, 0))) // the last is shown by Close
}

// Expect says that there is more to do than was known.
func (b *Bar) Expect(n int64) {
	if b.writer != nil {
		b.tracker.UpdateTotal(b.expected.Add(n))
	}
}

// Add says that more is done. It may be called by several at once.
func (b *Bar) Add(n int64) {
	if b.writer != nil {
		b.tracker.Increment(n)
	}
}

// Write says that these bytes are done, so that a bar can stand beside an io.Reader or an
// io.Writer. It never fails.
func (b *Bar) Write(done []byte) (int, error) {
	b.Add(int64(len(done)))
	return len(done), nil
}

// Close takes the bar away. It must be called before anything else is written.
func (b *Bar) Close() {
	if b.writer == nil {
		return
	}
	b.stop.Do(func() {
		b.tracker.MarkAsDone()
		b.writer.Stop()
		for b.writer.IsRenderInProgress() {
			time.Sleep(5 * time.Millisecond)
		}
	})
}
