package render

import (
	"strings"
	"text/template"
	"unicode"
)

// markdown are the functions that templates have. What a policy says goes through
// one of them, so that it stays what it is, whatever it is.
var markdown = template.FuncMap{"md": escape, "fence": fence, "list": list}

// special are the characters that Markdown, or the HTML in it, may take for more in
// the midst of a line. What stands at the start of one is never the policy's.
const special = "\\`*_[]<>|~&$"

// escape writes text so that Markdown shows it as it is, on one line, also in a cell
// of a table: with backslashes (CommonMark 0.31, 2.4), and without what GitHub would
// take for a mention or a link.
func escape(text string) string {
	var b strings.Builder
	for _, r := range visible(text) {
		switch {
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		case r == '@':
			b.WriteString("&#64;")
		case strings.ContainsRune(special, r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return unlinked.Replace(b.String())
}

var unlinked = strings.NewReplacer("://", "&#58;//", "www.", "www&#46;")

// fence makes a code block of text. The fence is longer than any run of backticks in
// it (CommonMark 0.31, 4.5). The indent is of the list item that it stands in.
func fence(indent, language, text string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text) // each ends a line
	ticks := "```"
	for strings.Contains(text, ticks) {
		ticks += "`"
	}
	var b strings.Builder
	b.WriteString(ticks + language + "\n")
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		b.WriteString(indent + visible(line) + "\n")
	}
	b.WriteString(indent + ticks)
	return b.String()
}

// visible replaces what could hide, or turn a line around.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsSpace(r) && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// list joins names for a sentence.
func list(names []string, nobody string) string {
	if len(names) == 0 {
		return nobody
	}
	escaped := make([]string, len(names))
	for i, name := range names {
		escaped[i] = escape(name)
	}
	return strings.Join(escaped, ", ")
}
