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

	colour bool // Out is a terminal, and wants colour
	live   bool // Err is a terminal, so progress can be drawn
}

// New returns a screen over two streams. There is colour only on a terminal, and not
// where NO_COLOR is set (https://no-color.org); progress is drawn only on a terminal.
func New(out, err io.Writer) *Screen {
	dumb := os.Getenv("TERM") == "dumb"
	s := &Screen{Out: out, Err: err, colour: isTerminal(out) && !dumb && os.Getenv("NO_COLOR") == "", live: isTerminal(err) && !dumb}
	if s.colour {
		text.EnableColors()
	} else {
		text.DisableColors()
	}
	return s
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Show writes a result: as JSON if that was asked for, else as the page that is drawn.
func (s *Screen) Show(result any, draw func(*Page)) error {
	if s.JSON {
		return s.WriteJSON(result)
	}
	p := &Page{colour: s.colour}
	draw(p)
	_, err := s.Out.Write(p.b.Bytes())
	return err
}

// Aside draws a page on standard error: what belongs to a problem, and to no result.
func (s *Screen) Aside(draw func(*Page)) {
	p := &Page{}
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
