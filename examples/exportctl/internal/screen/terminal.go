package screen

import (
	"io"
	"sync"
)

// terminal is standard error with a line at its end that is drawn again and again. What is
// written takes the line away first, so that nothing is ever mixed up with it, and whatever
// ends the program leaves at most this line. The cursor is left alone.
type terminal struct {
	mu    sync.Mutex
	w     io.Writer
	drawn bool
}

// wipe goes to the beginning of the line and empties it.
const wipe = "\r\x1b[K"

// Write implements io.Writer.
func (t *terminal) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.wipe()
	return t.w.Write(b)
}

// draw puts this line at the end; an empty one takes it away.
func (t *terminal) draw(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.wipe()
	if line != "" {
		// An error of standard error has nowhere to go.
		_, _ = io.WriteString(t.w, line)
		t.drawn = true
	}
}

func (t *terminal) wipe() {
	if t.drawn {
		_, _ = io.WriteString(t.w, wipe)
		t.drawn = false
	}
}

// width is how many columns it has now, for it may have been resized.
func (t *terminal) width() int { return columnsOf(t.w) }
