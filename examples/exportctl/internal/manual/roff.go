// Package manual writes commands as pages for man(1): what cobra knows of a command, in
// the few requests of man(7) that every formatter has.
package manual

import (
	"bytes"
	"fmt"
	"strings"
)

// page is a manual page as it is written.
type page struct{ b bytes.Buffer }

// request writes a line that the formatter obeys.
func (p *page) request(format string, args ...any) { fmt.Fprintf(&p.b, "."+format+"\n", args...) }

// line writes a line of text that is escaped already. It begins with nothing that the
// formatter would take for a request.
func (p *page) line(roff string) {
	if strings.HasPrefix(roff, ".") {
		roff = `\&` + roff
	}
	p.b.WriteString(roff + "\n")
}

func (p *page) section(title string) { p.request("SH %s", strings.ToUpper(title)) }

// entry writes a term and what it means below it.
func (p *page) entry(term, meaning string) {
	p.request("TP")
	p.line(term)
	p.prose(meaning)
}

// prose writes the text of a paragraph, in which `that` stands out.
func (p *page) prose(text string) {
	for line := range strings.Lines(text) {
		parts := strings.Split(strings.TrimSpace(line), "`")
		for i, part := range parts {
			parts[i] = escaped(part)
			if i%2 == 1 && i+1 < len(parts) {
				parts[i] = bold(part)
			}
		}
		p.line(strings.Join(parts, ""))
	}
}

// block writes lines as they are, without the space that all of them begin with.
func (p *page) block(lines []string) {
	p.request("RS 4")
	p.request("nf")
	margin := margin(lines)
	for _, l := range lines {
		p.line(escaped(l[min(margin, len(l)):]))
	}
	p.request("fi")
	p.request("RE")
}

func margin(lines []string) int {
	least := len(lines[0])
	for _, l := range lines {
		least = min(least, len(l)-len(strings.TrimLeft(l, " ")))
	}
	return least
}

func bold(text string) string { return `\fB` + escaped(text) + `\fR` }

func italic(text string) string { return `\fI` + escaped(text) + `\fR` }

// punctuation is written by name, or a formatter makes typographer's signs of it, which
// no shell takes.
var punctuation = map[rune]string{'\\': `\e`, '-': `\-`, '\'': `\(aq`, '`': `\(ga`, '^': `\(ha`, '~': `\(ti`, '"': `\(dq`}

// escaped is a text as the formatter prints it. What is not ASCII is written by its
// number, which needs nobody to know the page's encoding.
func escaped(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch named, ok := punctuation[r]; {
		case ok:
			b.WriteString(named)
		case r > 0x7e:
			fmt.Fprintf(&b, `\[u%04X]`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
