package linkage

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// visible spells out what cannot be seen, or changes how its neighbours are seen:
// control and format characters, among them those that turn the direction of text,
// line separators, and bytes that are not UTF-8. "a\u202eb" is a⟨U+202E⟩b. Ids are
// written by strangers, and two that look the same must not be taken for each other.
func visible(s string) string { return spell(s, false) }

// visibleLines is visible for text of several lines.
func visibleLines(s string) string { return spell(strings.ReplaceAll(s, "\r\n", "\n"), true) }

func spell(s string, lines bool) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == '\n' && lines:
			b.WriteRune(r)
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\ufffd"):
			fmt.Fprintf(&b, "⟨byte %02X⟩", s[i])
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp) || r != ' ' && unicode.Is(unicode.Zs, r):
			fmt.Fprintf(&b, "⟨U+%04X⟩", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
