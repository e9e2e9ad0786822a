package worm

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxEscapedBytes bounds a name in its escaped form, which is a folder or file
// name on every backend.
const maxEscapedBytes = 200

// EscapeSegment spells an id or a file name as one segment of a key. Letters,
// digits and combining marks of any script stand for themselves, as do
// - _ . + = @ , ~ except for a dot that leads or follows a dot; all else becomes
// %XX, so that nothing climbs out of its folder and [UnescapeSegment] gets back
// what went in. A name that is empty, not UTF-8, has control characters or is too
// long is an error.
func EscapeSegment(name string) (string, error) {
	if name == "" {
		return "", errors.New("it is empty")
	}
	if !utf8.ValidString(name) {
		return "", fmt.Errorf("%.80q is not UTF-8", name)
	}
	if i := strings.IndexFunc(name, unicode.IsControl); i >= 0 {
		return "", fmt.Errorf("%.80q has a control character at byte %d", name, i)
	}
	var b strings.Builder
	for i, r := range name {
		if plain(r) && !(r == '.' && (i == 0 || name[i-1] == '.')) {
			b.WriteRune(r)
			continue
		}
		for _, c := range []byte(string(r)) {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	if b.Len() > maxEscapedBytes {
		return "", fmt.Errorf("%.40q… takes %d bytes as a file name, the limit is %d", name, b.Len(), maxEscapedBytes)
	}
	return b.String(), nil
}

func plain(r rune) bool {
	return unicode.In(r, unicode.L, unicode.N, unicode.M) || strings.ContainsRune("-_.+=@,~", r)
}

// UnescapeSegment is the inverse of [EscapeSegment].
func UnescapeSegment(segment string) (string, error) { return url.PathUnescape(segment) }
