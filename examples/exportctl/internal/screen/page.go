package screen

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// Page is a result as a person reads it.
type Page struct {
	b      bytes.Buffer
	colour bool
}

// Line writes a line.
func (p *Page) Line(format string, args ...any) { fmt.Fprintf(&p.b, format+"\n", args...) }

// Gap leaves a line empty.
func (p *Page) Gap() { p.b.WriteByte('\n') }

// Title begins a part of the page.
func (p *Page) Title(s string) {
	if p.b.Len() > 0 {
		p.Gap()
	}
	p.Line("%s", text.Bold.Sprint(s))
}

// Good and Bad write a line that begins with a mark, as does Mind, for what is neither.
func (p *Page) Good(format string, args ...any) { p.mark(text.FgGreen, "✓", format, args...) }

// Bad marks what is wrong.
func (p *Page) Bad(format string, args ...any) { p.mark(text.FgRed, "✗", format, args...) }

// Mind marks what somebody should look at.
func (p *Page) Mind(format string, args ...any) { p.mark(text.FgYellow, "!", format, args...) }

func (p *Page) mark(c text.Color, mark, format string, args ...any) {
	p.Line("%s "+format, append([]any{c.Sprint(mark)}, args...)...)
}

// Dim returns a text that stands back.
func (p *Page) Dim(s string) string { return text.Faint.Sprint(s) }

// Field is a name and what stands there.
type Field struct {
	Name  string
	Value any
}

// Fields writes fields below each other; those that are empty are left out.
func (p *Page) Fields(fields ...Field) {
	width := 0
	for _, f := range fields {
		width = max(width, len(f.Name))
	}
	for _, f := range fields {
		value := Clean(fmt.Sprint(f.Value))
		if value == "" || f.Value == nil {
			continue
		}
		p.Line("  %s  %s", text.Faint.Sprint(text.Pad(f.Name, width, ' ')), value)
	}
}

// Table writes rows under their header. Cells are cleaned; a table without rows is not
// drawn.
func (p *Page) Table(header []string, rows [][]any) {
	if len(rows) == 0 {
		return
	}
	t := table.NewWriter()
	t.SetStyle(quiet)
	t.SuppressTrailingSpaces()
	t.AppendHeader(tableRow(header))
	for _, r := range rows {
		cells := make(table.Row, len(r))
		for i, c := range r {
			cells[i] = Clean(fmt.Sprint(c))
		}
		t.AppendRow(cells)
	}
	p.Line("%s", t.Render())
}

func tableRow(cells []string) table.Row {
	r := make(table.Row, len(cells))
	for i, c := range cells {
		r[i] = c
	}
	return r
}

// quiet is a table of white space and one line under the header.
var quiet = func() table.Style {
	s := table.StyleDefault
	s.Box = table.StyleBoxDefault
	s.Box.PaddingLeft, s.Box.PaddingRight = "", "  "
	s.Box.MiddleHorizontal, s.Box.MiddleSeparator = "─", "─"
	s.Box.MiddleVertical = ""
	s.Options = table.Options{SeparateHeader: true}
	s.Format.Header = text.FormatDefault
	return s
}()

// Clean returns a text as it may be shown on a terminal: one with characters that
// cannot be seen, or that the terminal would obey, is quoted as in Go.
func Clean(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}

// Number returns a number for a person.
func Number(n int64) string { return strconv.FormatInt(n, 10) }
