package worm

import (
	"context"
	"fmt"
	"time"
)

// Uploads is what a [Driver] also implements if its backend keeps what was sent of an
// object whose writer died meanwhile, until somebody ends the upload. It is no object, no
// listing of objects shows it, and it costs what an object costs.
type Uploads interface {
	// CountUploads counts the uploads of keys with the prefix that were begun before a
	// time, by the backend's clock, and are neither finished nor given up.
	CountUploads(ctx context.Context, prefix string, before time.Time) (int, error)
}

// CountUploads does what [Uploads] does. A driver that is not one is [ErrUnsupported]: its
// backend gives up by itself what nobody finishes.
func (s *Store) CountUploads(ctx context.Context, prefix string, before time.Time) (n int, err error) {
	if s.uploads == nil {
		return 0, fmt.Errorf("worm: count uploads: %w", ErrUnsupported)
	}
	defer listening(ctx).asked(0).answered(&err)
	if n, err = s.uploads.CountUploads(ctx, prefix, before); err != nil {
		err = fmt.Errorf("worm: count uploads of %q: %w", prefix, err)
	}
	return n, err
}
