package exportlog

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// Head is the log at one moment: all that must be kept to notice, later, that
// any row up to then was changed or taken away.
type Head struct {
	Size    int64       // rows
	Root    worm.Digest // of the RFC 6962 Merkle tree over the lines, newlines included
	LastRow worm.Digest // SHA-256 of the last line; of nothing when Size is 0
}

// tree is the RFC 6962 Merkle tree over the lines, of which only the hashes at
// its right edge are kept: at most 128.
type tree struct {
	size int64
	edge map[int64]tlog.Hash // by tlog's storage index
}

// add appends one line.
func (t *tree) add(line []byte) {
	hashes := must(tlog.StoredHashes(t.size, line, reader(t.edge, nil)))
	if t.edge == nil {
		t.edge = map[int64]tlog.Hash{}
	}
	first := tlog.StoredHashCount(t.size)
	for i, h := range hashes {
		t.edge[first+int64(i)] = h
	}
	t.size++
	if len(t.edge) > 128 {
		// The hashes that the root is made of are all that later lines need.
		needed := map[int64]tlog.Hash{}
		must(tlog.TreeHash(t.size, reader(t.edge, needed)))
		t.edge = needed
	}
}

// root returns the root over the lines so far.
func (t *tree) root() worm.Digest {
	if t.size == 0 {
		return worm.Sum(nil) // RFC 6962, section 2.1: the hash of an empty tree
	}
	return worm.Digest(must(tlog.TreeHash(t.size, reader(t.edge, nil))))
}

// reader reads kept hashes, and notes in asked, if given, which it was asked for.
func reader(kept, asked map[int64]tlog.Hash) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, at := range indexes {
			h, ok := kept[at]
			if !ok {
				return nil, fmt.Errorf("exportlog: hash %d is not at the tree's edge", at)
			}
			if asked != nil {
				asked[at] = h
			}
			hashes[i] = h
		}
		return hashes, nil
	})
}

// must is for tlog's errors, which are all the reader's: that it was asked for a
// hash the edge should hold is a mistake in this file, never in data.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
