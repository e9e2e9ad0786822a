package exportlog

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// object is something derived: what must lie under a key.
type object struct {
	key  string
	body []byte
}

// indexEntries are the objects that a row is found by.
func indexEntries(r Row) []object {
	var all []object
	for _, t := range r.terms() {
		all = append(all, object{indexKey(t, r.ExportRowID), r.line})
	}
	return all
}

// blockObjects are what is derived from the nth 256 rows as such: the block, the
// same as an entry bundle, and the tiles that the tree grows by.
func blockObjects(n int64, rows []Row, hashes tlog.HashReader) ([]object, error) {
	var size int
	for _, r := range rows {
		size += len(r.line)
	}
	block, bundle := make([]byte, 0, size), make([]byte, 0, size+2*len(rows))
	for _, r := range rows {
		block = append(block, r.line...)
		bundle = appendEntry(bundle, r.line)
	}
	all := []object{
		{blockKey(tileWidth, n), block},
		{tileKey(tlog.Tile{H: tileHeight, L: -1, N: n, W: tileWidth}), bundle},
	}
	tiles, err := tileObjects(n*tileWidth, (n+1)*tileWidth, hashes)
	return append(all, tiles...), err
}

// appendEntry appends a line as an entry of a C2SP tlog-tiles bundle: its length
// in 16 bits, big-endian, and its bytes.
func appendEntry(bundle, line []byte) []byte {
	return append(binary.BigEndian.AppendUint16(bundle, uint16(len(line))), line...)
}

// leafHashes returns the hashes of the entries of a bundle, as a tile has them.
func leafHashes(bundle []byte) ([]byte, error) {
	var hashes []byte
	for len(bundle) > 0 {
		if len(bundle) < 2 || len(bundle)-2 < int(binary.BigEndian.Uint16(bundle)) {
			return nil, errors.New("it ends within an entry")
		}
		end := 2 + int(binary.BigEndian.Uint16(bundle))
		h := tlog.RecordHash(bundle[2:end])
		hashes, bundle = append(hashes, h[:]...), bundle[end:]
	}
	return hashes, nil
}

// tileObjects are the tiles that a tree grows by from one size to another.
func tileObjects(from, to int64, hashes tlog.HashReader) ([]object, error) {
	var all []object
	for _, tile := range tlog.NewTiles(tileHeight, from, to) {
		data, err := tlog.ReadTileData(tile, hashes)
		if err != nil {
			return nil, err
		}
		all = append(all, object{tileKey(tile), data})
	}
	return all, nil
}

// rowsIn returns rows that the index covers, from memory or from their commits.
func (l *Log) rowsIn(ctx context.Context, want span) ([]Row, error) {
	l.mu.Lock()
	rows, ok := l.recent.between(want.first, want.last)
	commits := span{l.index.commitOf(want.first), l.index.commitOf(want.last)}
	l.mu.Unlock()
	if ok {
		return rows, nil
	}
	if commits.first == 0 {
		return nil, fmt.Errorf("below what is covered: %s", rowRange(want.first, want.last))
	}
	var numbers []int64
	for n := commits.first; n <= commits.last; n++ {
		numbers = append(numbers, n)
	}
	got, err := inParallel(ctx, numbers, l.rowsOf)
	if err != nil {
		return nil, err
	}
	rows = nil
	for _, of := range got {
		for _, r := range of {
			if r.ExportRowID >= want.first && r.ExportRowID <= want.last {
				rows = append(rows, r)
			}
		}
	}
	if int64(len(rows)) != want.last-want.first+1 {
		return nil, fmt.Errorf("%w: not all there: %s", ErrDamaged, rowRange(want.first, want.last))
	}
	return rows, nil
}
