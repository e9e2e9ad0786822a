package worm

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxKeyBytes is the longest key, MaxSegmentBytes the longest part between
// slashes: what S3 and a file system take, less room for the names a driver
// keeps beside an object.
const (
	MaxKeyBytes     = 900
	MaxSegmentBytes = 230
)

// CheckKey refuses a key that some backend could not hold or would read as
// another: too long, not UTF-8, with control characters or a backslash, with an
// empty segment, or with a segment that starts with a dot (file systems give
// those a meaning, and drivers keep their records under such names). The error
// matches [ErrBadKey].
func CheckKey(key string) error {
	if len(key) > MaxKeyBytes {
		return fmt.Errorf("%w: %.40q...: %d bytes, the limit is %d", ErrBadKey, key, len(key), MaxKeyBytes)
	}
	if !utf8.ValidString(key) {
		return fmt.Errorf("%w: %q is not UTF-8", ErrBadKey, key)
	}
	if i := strings.IndexFunc(key, func(r rune) bool { return unicode.IsControl(r) || r == '\\' }); i >= 0 {
		return fmt.Errorf("%w: %q has a control character or a backslash at byte %d", ErrBadKey, key, i)
	}
	for segment := range strings.SplitSeq(key, "/") {
		switch {
		case segment == "":
			return fmt.Errorf("%w: %q has an empty segment", ErrBadKey, key)
		case segment[0] == '.':
			return fmt.Errorf("%w: %q has a segment that starts with a dot", ErrBadKey, key)
		case len(segment) > MaxSegmentBytes:
			return fmt.Errorf("%w: %.40q...: a segment of %d bytes, the limit is %d", ErrBadKey, key, len(segment), MaxSegmentBytes)
		}
	}
	return nil
}
