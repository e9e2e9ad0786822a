package archive

import (
	"context"
	"errors"
	"io"
	"time"

	gax "github.com/googleapis/gax-go/v2"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// putTries is how often one object is put while its outcome is not known or
// other writers are in the way.
const putTries = 5

// put stores one object. The same bytes under the same key can be put as often as
// it takes, so an outcome that is not known is settled by putting them again.
func (a *Archive) put(ctx context.Context, key string, open func() (io.ReadCloser, error), spec worm.Spec) (worm.Stored, error) {
	wait := gax.Backoff{Initial: 20 * time.Millisecond, Max: 2 * time.Second, Multiplier: 3}
	for try := 1; ; try++ {
		stored, err := a.putOnce(ctx, key, open, spec)
		if !errors.Is(err, worm.ErrConflict) && !errors.Is(err, worm.ErrOutcomeUnknown) || try == putTries {
			return stored, err
		}
		if gax.Sleep(ctx, wait.Pause()) != nil {
			return stored, err
		}
		a.watch.Again(ctx, "put object", key, err)
	}
}

func (a *Archive) putOnce(ctx context.Context, key string, open func() (io.ReadCloser, error), spec worm.Spec) (worm.Stored, error) {
	body, err := open()
	if err != nil {
		return worm.Stored{}, err
	}
	defer body.Close()
	return a.store.Put(ctx, key, body, spec)
}
