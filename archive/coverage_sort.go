package archive

import (
	"context"
	"fmt"
	"iter"

	"github.com/go-json-experiment/json"
	"github.com/lanrat/extsort"
)

// sortedAtOnce is how many records are sorted in memory at once. There are never
// more than a handful of such runs in memory.
const sortedAtOnce = 4096

// sorter puts any number of records in order, in bounded memory: it sorts runs of
// them and merges those from a temporary file. On Unix the file has no name from the
// moment it is there, so that nobody who is killed leaves it behind.
type sorter[T any] struct {
	ctx    context.Context
	cancel context.CancelFunc
	in     chan T
	out    <-chan T
	failed <-chan error
}

// codec is how records are ordered and how they lie in the temporary file. Its
// functions are called concurrently.
type codec[T any] struct {
	compare func(a, b T) int
	encode  func(T) ([]byte, error)
	decode  func([]byte) (T, error)
}

// jsonCodec is that of records that are plain structs.
func jsonCodec[T any](compare func(a, b T) int) codec[T] {
	return codec[T]{
		compare: compare,
		encode:  func(v T) ([]byte, error) { return json.Marshal(v) },
		decode: func(b []byte) (v T, err error) {
			err = json.Unmarshal(b, &v)
			return v, err
		},
	}
}

// newSorter starts to sort; the caller closes what it returns. An empty dir leaves the
// choice of a directory to extsort, which prefers a disk to a file system in memory.
func newSorter[T any](ctx context.Context, dir string, c codec[T]) *sorter[T] {
	ctx, cancel := context.WithCancel(ctx)
	in := make(chan T, 256)
	extsorter, out, failed := extsort.Generic(in, c.decode, c.encode, c.compare,
		&extsort.Config{ChunkSize: sortedAtOnce, NumWorkers: 1, SortedChanBuffSize: 256, TempFilesDir: dir})
	go extsorter.Sort(ctx)
	return &sorter[T]{ctx, cancel, in, out, failed}
}

// put adds a record, in any order.
func (s *sorter[T]) put(v T) error {
	select {
	case s.in <- v:
		return nil
	case err := <-s.failed:
		return s.problem(err)
	}
}

// sorted ends the adding and yields all records in order. It can be called once.
func (s *sorter[T]) sorted() iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		close(s.in)
		for v := range s.out {
			if !yield(v, nil) {
				return
			}
		}
		if err := <-s.failed; err != nil {
			var none T
			yield(none, s.problem(err))
		}
	}
}

func (s *sorter[T]) problem(err error) error {
	if s.ctx.Err() != nil {
		return context.Cause(s.ctx)
	}
	return fmt.Errorf("sort in a temporary file (TempDir says where; it must have room for what is compared): %w", err)
}

// close stops the sorting, wherever it is, and waits until its file is gone.
func (s *sorter[T]) close() {
	s.cancel()
	for range s.out { // it is closed after the file
	}
}
