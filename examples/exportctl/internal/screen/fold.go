package screen

import (
	"regexp"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
)

// words are the words of a line, each with the spaces before it.
var words = regexp.MustCompile(` *[^ ]+`)

// fold writes prose behind a head, such as a mark or a name, so that it fits into a width; 0
// is any. It is broken between words, and the lines after the first are indented. A word is
// never broken: one that is too long goes on for the terminal to wrap, which whoever copies
// it does not notice.
func fold(head, prose string, width, indent int) string {
	if width <= 0 || columns(head)+columns(prose) <= width {
		return head + prose
	}
	indent = min(indent, width/3)
	b, at := strings.Builder{}, columns(head)
	b.WriteString(head)
	for i, word := range words.FindAllString(prose, -1) {
		if i > 0 && at+columns(word) > width {
			b.WriteString("\n" + strings.Repeat(" ", indent))
			at, word = indent, strings.TrimLeft(word, " ")
		}
		b.WriteString(word)
		at += columns(word)
	}
	return b.String()
}

// columns is how wide a text is on a terminal.
func columns(s string) int { return text.StringWidthWithoutEscSequences(s) }
