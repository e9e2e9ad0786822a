package exportlog

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/mod/sumdb/tlog"
	"golang.org/x/sync/errgroup"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight // hashes in a full tile, and rows in a small block
	maxTiles   = 1024            // kept in memory, 8 KiB each
)

// tiles reads tiles from the bucket and keeps those that were authenticated.
// Nothing it reads is believed before a root vouches for it.
type tiles struct {
	store *worm.Store
	mu    sync.Mutex
	known map[tlog.Tile][]byte
}

func newTiles(store *worm.Store) *tiles {
	return &tiles{store: store, known: map[tlog.Tile][]byte{}}
}

// under returns the hashes of the tree that has a root, each checked against it.
// A tile that the root does not vouch for is an error that matches errDerived;
// so is one that is absent.
func (t *tiles) under(ctx context.Context, root tlog.Tree) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		r := tileReader{ctx: ctx, tiles: t}
		hashes, err := tlog.TileHashReader(root, &r).ReadHashes(indexes)
		if err != nil && r.failed == nil {
			err = &derivedError{Object: r.names(), Problem: fmt.Sprintf("the tree of %d rows does not have these hashes", root.N)}
		}
		return hashes, err
	})
}

// errDerived is matched by what is wrong with derived objects. The truth can
// then be read elsewhere.
var errDerived = errors.New("a derived object is not what the log says")

// derivedError says which.
type derivedError struct {
	Object  string
	Missing bool
	Problem string
}

func (e *derivedError) Error() string { return e.Object + ": " + e.Problem }

func (e *derivedError) finding() Finding {
	return Finding{Kind: DerivedDiffers, Object: e.Object, Problem: e.Problem}
}

func (e *derivedError) Is(target error) bool { return target == errDerived }

// tileReader implements tlog.TileReader for one call.
type tileReader struct {
	ctx    context.Context
	tiles  *tiles
	read   []tlog.Tile // from the bucket, not from memory
	failed error
}

func (r *tileReader) Height() int { return tileHeight }

func (r *tileReader) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(wanted))
	g, ctx := errgroup.WithContext(r.ctx)
	g.SetLimit(parallelReads)
	for i, tile := range wanted {
		if data[i] = r.tiles.get(tile); data[i] != nil {
			continue
		}
		r.read = append(r.read, tile)
		g.Go(func() (err error) {
			data[i], err = r.tiles.fetch(ctx, tile)
			return err
		})
	}
	r.failed = g.Wait()
	return data, r.failed
}

// SaveTiles is told of tiles that a root vouches for.
func (r *tileReader) SaveTiles(tiles []tlog.Tile, data [][]byte) {
	r.tiles.mu.Lock()
	defer r.tiles.mu.Unlock()
	if len(r.tiles.known) > maxTiles {
		clear(r.tiles.known)
	}
	for i, tile := range tiles {
		r.tiles.known[tile] = data[i]
	}
}

func (r *tileReader) names() string {
	var names string
	for i, tile := range r.read {
		if i > 0 {
			names += " or "
		}
		names += tileKey(tile)
	}
	return names
}

func (t *tiles) get(tile tlog.Tile) []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.known[tile]
}

func (t *tiles) fetch(ctx context.Context, tile tlog.Tile) ([]byte, error) {
	return readDerived(ctx, t.store, tileKey(tile), int64(tile.W)*tlog.HashSize, func(b []byte) error {
		if len(b) != tile.W*tlog.HashSize {
			return fmt.Errorf("it has %d bytes, a tile of %d hashes has %d", len(b), tile.W, tile.W*tlog.HashSize)
		}
		return nil
	})
}

// readDerived reads a derived object. What is wrong with it, absence too, is a
// derivedError; any other error means that the store could not be asked.
func readDerived(ctx context.Context, store *worm.Store, key string, limit int64, check func([]byte) error) ([]byte, error) {
	b, err := store.Read(ctx, worm.Ref{Key: key}, limit)
	switch {
	case errors.Is(err, worm.ErrNotFound):
		return nil, &derivedError{Object: key, Missing: true, Problem: "it is missing"}
	case errors.Is(err, worm.ErrCorrupt), errors.Is(err, worm.ErrTooLarge):
		return nil, &derivedError{Object: key, Problem: err.Error()}
	case err != nil:
		return nil, err
	}
	if err := check(b); err != nil {
		return nil, &derivedError{Object: key, Problem: err.Error()}
	}
	return b, nil
}
