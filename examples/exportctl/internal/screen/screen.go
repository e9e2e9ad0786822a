// Package screen is how exportctl speaks: a result as a page for a person or as one
// JSON document for a program, on standard output; remarks, and progress while
// somebody watches, on standard error.
package screen

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"
)

// Screen is where one run of the program writes to.
type Screen struct {
	Out, Err io.Writer
	JSON     bool // results are JSON documents
	Quiet    bool // no remarks, no progress

	terminal *terminal // where Err is one on which progress can be drawn
}

// New returns a screen over two streams. There is colour only on a terminal, and not
// where NO_COLOR is set (https://no-color.org); progress is drawn only on a terminal.
// A terminal that says of itself that it is dumb gets neither.
func New(out, err io.Writer) *Screen {
	s := &Screen{Out: out, Err: err}
	if columnsOf(out) > 0 && !dumb() && os.Getenv("NO_COLOR") == "" {
		text.EnableColors()
	} else {
		text.DisableColors()
	}
	if columnsOf(err) > 0 && !dumb() {
		s.terminal = &terminal{w: err}
		s.Err = s.terminal
	}
	return s
}

func dumb() bool { return os.Getenv("TERM") == "dumb" }

// columnsOf is how wide a terminal is now; 0 is no terminal.
func columnsOf(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	if width == 0 {
		return 80 // a terminal that does not say
	}
	return width
}

// errColumns is how wide standard error is; 0 is no terminal.
func (s *Screen) errColumns() int {
	if s.terminal != nil {
		return s.terminal.width()
	}
	return columnsOf(s.Err)
}

// Show writes a result: as JSON if that was asked for, else as the page that is drawn.
func (s *Screen) Show(result any, draw func(*Page)) error {
	if s.JSON {
		return s.WriteJSON(result)
	}
	p := &Page{width: columnsOf(s.Out)}
	draw(p)
	_, err := s.Out.Write(p.b.Bytes())
	return err
}

// Aside draws a page on standard error: what belongs to a problem, and to no result.
func (s *Screen) Aside(draw func(*Page)) {
	p := &Page{width: s.errColumns()}
	draw(p)
	// An error of standard error has nowhere to go.
	_, _ = s.Err.Write(p.b.Bytes())
}

// WriteJSON writes a result as one JSON document. Characters are written as they are.
func (s *Screen) WriteJSON(result any) error { return writeJSON(s.Out, result) }

// Note says something on standard error that is no part of the result.
func (s *Screen) Note(format string, args ...any) {
	if !s.Quiet {
		fmt.Fprintf(s.Err, format+"\n", args...)
	}
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
