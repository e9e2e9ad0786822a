package linkage

import "errors"

// What a caller of [Linker.Lineage] decides on, beside [ErrNotLocated].
var (
	// ErrBadStory: the lineage asked for is of nothing, or of several things.
	ErrBadStory = errors.New("bad story")
	// ErrTooMuch: a story has more to it than can be told at once.
	ErrTooMuch = errors.New("too much for one lineage")
)
