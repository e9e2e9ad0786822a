package exportlog

import (
	"bytes"
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// alike is the tree over any number of lines that are all the same: its hashes need
// not be kept to be known, so that a tree of millions costs nothing.
type alike struct {
	levels [40]tlog.Hash
	rounds int // of reading tiles, each in parallel
	tiles  int // read
}

func newAlike() *alike {
	a := &alike{}
	a.levels[0] = tlog.RecordHash([]byte("a line\n"))
	for i := range len(a.levels) - 1 {
		a.levels[i+1] = tlog.NodeHash(a.levels[i], a.levels[i])
	}
	return a
}

func (a *alike) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var hashes []tlog.Hash
	for _, at := range indexes {
		level, _ := tlog.SplitStoredHashIndex(at)
		hashes = append(hashes, a.levels[level])
	}
	return hashes, nil
}

func (a *alike) Height() int { return tileHeight }

func (a *alike) ReadTiles(tiles []tlog.Tile) (data [][]byte, err error) {
	a.rounds, a.tiles = a.rounds+1, a.tiles+len(tiles)
	for _, t := range tiles {
		data = append(data, bytes.Repeat(a.levels[tileHeight*t.L][:], t.W))
	}
	return data, nil
}

func (a *alike) SaveTiles([]tlog.Tile, [][]byte) {}

// What opening and finding take from the tree, which alone of all they read has to
// do with the log's size: one round trip at any size, and a tile or two more for
// every factor of 256. What a mark leaves to be read behind it is no more at ten
// million rows than at ten thousand; TestCostIsFlat counts it.
func TestTreeReadsAreFlat(t *testing.T) {
	for _, rows := range []int64{256, 10_240, 1_000_192, 10_000_128, 1_000_000_000} { // marks
		if rows%tileWidth != 0 {
			t.Fatalf("%d rows end with no block", rows)
		}
		for what, read := range map[string]func(tlog.HashReader) error{
			"open": func(r tlog.HashReader) error { _, err := treeAt(rows-100, r); return err },
			"find": func(r tlog.HashReader) error {
				_, err := r.ReadHashes([]int64{tlog.StoredHashIndex(0, rows/3)})
				return err
			},
		} {
			a := newAlike()
			root := must(tlog.TreeHash(rows, a))
			if err := read(tlog.TileHashReader(tlog.Tree{N: rows, Hash: root}, a)); err != nil {
				t.Fatal(err)
			}
			t.Log(fmt.Sprintf("%s at %d rows: %d tiles in %d round trip", what, rows, a.tiles, a.rounds))
			if a.rounds != 1 || a.tiles > 8 {
				t.Errorf("%s at %d rows takes %d tiles in %d round trips", what, rows, a.tiles, a.rounds)
			}
		}
	}
}
