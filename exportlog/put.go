package exportlog

import (
	"bytes"
	"context"
	"errors"
	"time"

	gax "github.com/googleapis/gax-go/v2"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

const (
	derivedTries = 5
	derivedType  = "application/octet-stream"

	// bulkBytes is about how much is gathered for a store that stores many objects
	// for less than one by one.
	bulkBytes = 4 << 20
)

func derivedWait() gax.Backoff {
	return gax.Backoff{Initial: 20 * time.Millisecond, Max: 2 * time.Second, Multiplier: 3}
}

// putDerived writes what is derived, if it is absent. Other bytes in its place
// are a derivedError.
func (l *Log) putDerived(ctx context.Context, o object) error {
	spec := worm.Spec{Size: int64(len(o.body)), SHA256: worm.Sum(o.body), ContentType: derivedType}
	wait := derivedWait()
	for try := 1; ; try++ {
		_, err := l.store.Put(ctx, o.key, bytes.NewReader(o.body), spec)
		if err == nil || errors.Is(err, worm.ErrExists) || try == derivedTries || gax.Sleep(ctx, wait.Pause()) != nil {
			return l.settleDerived(o.key, err)
		}
		l.watch.Again(ctx, "derive index", o.key, err)
	}
}

// settleDerived turns the error of a key that holds other bytes into what it
// means.
func (l *Log) settleDerived(key string, err error) error {
	if !errors.Is(err, worm.ErrExists) {
		return err
	}
	return &derivedError{Object: key, Problem: "it holds other bytes than the log's rows come to"}
}

// helpDerived is putDerived where somebody else has probably been before.
func (l *Log) helpDerived(ctx context.Context, o object) error {
	_, err := readDerived(ctx, l.store, o.key, int64(len(o.body)), func(b []byte) error {
		if !bytes.Equal(b, o.body) {
			return errors.New("it holds other bytes than the log's rows come to")
		}
		return nil
	})
	var wrong *derivedError
	if errors.As(err, &wrong) && wrong.Missing {
		return l.putDerived(ctx, o)
	}
	return err
}

// putter puts one derived object.
type putter func(context.Context, object) error

// putAll puts derived objects, so many at once, or all together where that is less
// work. An error that tolerate turns into none does not keep it from the rest.
func (l *Log) putAll(ctx context.Context, atMost int, objects []object, put putter, tolerate func(error) error) error {
	if l.store.Bulk() {
		return l.putBulk(ctx, objects, tolerate)
	}
	_, err := atOnce(ctx, atMost, objects, func(ctx context.Context, o object) (struct{}, error) { return struct{}{}, tolerate(put(ctx, o)) })
	return err
}

// putBulk is putDerived for many.
func (l *Log) putBulk(ctx context.Context, objects []object, tolerate func(error) error) error {
	wait := derivedWait()
	for try := 1; len(objects) > 0; try++ {
		var failed []object
		var last error
		for i, err := range l.store.PutAll(ctx, smalls(objects)) {
			if err = tolerate(l.settleDerived(objects[i].key, err)); err != nil {
				failed, last = append(failed, objects[i]), err
			}
		}
		objects = failed
		if len(failed) > 0 && (errors.Is(last, errDerived) || try == derivedTries || gax.Sleep(ctx, wait.Pause()) != nil) {
			return last
		}
		if len(failed) > 0 {
			l.watch.Again(ctx, "derive index", failed[0].key, last)
		}
	}
	return nil
}

func smalls(objects []object) []worm.Small {
	all := make([]worm.Small, len(objects))
	for i, o := range objects {
		all[i] = worm.Small{Key: o.key, Body: o.body, ContentType: derivedType}
	}
	return all
}

// gathered is objects on their way to putAll.
type gathered struct {
	objects []object
	bytes   int
}

func (g *gathered) add(objects ...object) {
	for _, o := range objects {
		g.objects, g.bytes = append(g.objects, o), g.bytes+len(o.body)
	}
}

// enough reports whether there is as much as should be put at once.
func (l *Log) enough(g gathered) bool { return !l.store.Bulk() || g.bytes >= bulkBytes }
