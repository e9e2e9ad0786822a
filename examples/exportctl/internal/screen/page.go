package screen

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/text"
)

// Page is a result as a person reads it. On a terminal its prose is folded between words,
// and never within one: an id stays whole, and can be copied. Elsewhere a line is as long
// as it is.
type Page struct {
	b     bytes.Buffer
	width int // of the terminal, in columns; 0 is none
}

// OnTerminal reports whether a person reads it, rather than a pipe or a file.
func (p *Page) OnTerminal() bool { return p.width > 0 }

// Line writes a line as it is.
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
	p.hang(c.Sprint(mark)+" ", 2, fmt.Sprintf(format, args...))
}

// Under writes prose that belongs to the line above.
func (p *Page) Under(format string, args ...any) { p.hang("  ", 4, fmt.Sprintf(format, args...)) }

// hang writes prose behind a head; what does not fit on the line stands below, indented.
func (p *Page) hang(head string, indent int, prose string) {
	p.Line("%s", fold(head, prose, p.width, indent))
}

// Dim returns a text that stands back.
func (p *Page) Dim(s string) string { return text.Faint.Sprint(s) }

// Bold returns a text that stands out.
func (p *Page) Bold(s string) string { return text.Bold.Sprint(s) }

// Field is a name and what stands there.
type Field struct {
	Name  string
	Value any
}

// Fields writes fields below each other; those that are empty are left out.
func (p *Page) Fields(fields ...Field) {
	width := 0
	for _, f := range fields {
		width = max(width, columns(f.Name))
	}
	for _, f := range fields {
		value := Clean(fmt.Sprint(f.Value))
		if value == "" || f.Value == nil {
			continue
		}
		p.hang("  "+p.Dim(text.Pad(f.Name, width, ' '))+"  ", width+4, value)
	}
}

// Clean returns a text as it may be shown on a terminal: one with characters that
// cannot be seen, or that the terminal would obey, is quoted as in Go.
func Clean(s string) string {
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}

// Number returns a number for a person.
func Number(n int64) string { return strconv.FormatInt(n, 10) }

// Count returns a number of things: 1 row, 2 rows. What is counted is given as one of it.
func Count[N int | int64](n N, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return Number(int64(n)) + " " + one + "s"
}
