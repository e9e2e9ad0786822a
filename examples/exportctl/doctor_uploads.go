package main

import (
	"context"
	"errors"
	"time"

	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// examineUploads counts what was sent in parts by whoever died before it was all there.
// That it is not known, as when these credentials may not list uploads, is no failure.
func (t *tool) examineUploads(ctx context.Context, e *examination, store *worm.Store) {
	const name = "unfinished uploads"
	ctx, cancel := firstAnswer(ctx, "the bucket")
	defer cancel()
	left, dayAgo := 0, time.Now().AddDate(0, 0, -1)
	for _, folder := range []string{"packets/", "manifests/", "log/"} {
		n, err := store.CountUploads(ctx, folder, dayAgo)
		if errors.Is(err, worm.ErrUnsupported) {
			return
		}
		if err != nil {
			c, _ := e.failed(name, overdue(ctx, err))
			e.say(name, skipped, "not known: "+c.Found, "")
			return
		}
		left += n
	}
	if left == 0 {
		e.say(name, well, "none that was begun more than a day ago", "")
		return
	}
	e.say(name, minded, screen.Count(left, "upload")+" begun more than a day ago: what was sent of them is no evidence, and costs as if it were",
		"A lifecycle rule ends them after 7 days: AbortIncompleteMultipartUpload, as holdfast-unfinished-uploads of `exportctl policy render` has it.")
}
