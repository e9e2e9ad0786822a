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

// tree is the RFC 6962 Merkle tree over the lines. It keeps the hashes at the
// right edge of the tree as it was at some floor (see edgeOf), and all that were
// added since: about two for each line. What is older lies in tiles.
type tree struct {
	size   int64
	hashes map[int64]tlog.Hash // by tlog's storage index
}

func newTree() tree { return tree{hashes: map[int64]tlog.Hash{}} }

// treeAt returns the tree over the first size lines, from a reader that has its
// hashes.
func treeAt(size int64, from tlog.HashReader) (tree, error) {
	t := newTree()
	t.size = size
	if size == 0 {
		return t, nil
	}
	edge := edgeOf(size)
	hashes, err := from.ReadHashes(edge)
	if err != nil {
		return t, err
	}
	for i, at := range edge {
		t.hashes[at] = hashes[i]
	}
	return t, nil
}

// edgeOf returns the storage indexes of what a tree of some size is continued
// from: the hashes that its root is made of, and those of the tiles above the
// lowest level that are not full yet.
func edgeOf(size int64) []int64 {
	var edge []int64
	must(tlog.TreeHash(size, tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		edge = append(edge, indexes...)
		return make([]tlog.Hash, len(indexes)), nil
	})))
	for level, count := tileHeight, size>>tileHeight; count > 0; level, count = level+tileHeight, count>>tileHeight {
		for n := count &^ (tileWidth - 1); n < count; n++ {
			edge = append(edge, tlog.StoredHashIndex(level, n))
		}
	}
	return edge
}

// add appends one line.
func (t *tree) add(line []byte) {
	first := tlog.StoredHashCount(t.size)
	for i, h := range must(tlog.StoredHashes(t.size, line, t)) {
		t.hashes[first+int64(i)] = h
	}
	t.size++
}

// root returns the root over the lines so far.
func (t *tree) root() worm.Digest { return must(t.rootAt(t.size)) }

// rootAt returns the root over the first size lines, which must be at or above
// the floor.
func (t *tree) rootAt(size int64) (worm.Digest, error) {
	if size == 0 {
		return worm.Sum(nil), nil // RFC 6962, section 2.1: the hash of an empty tree
	}
	h, err := tlog.TreeHash(size, t)
	return worm.Digest(h), err
}

// raise forgets what is only needed for sizes below the new floor.
func (t *tree) raise(floor int64) {
	kept := must(treeAt(floor, t))
	for at, from := tlog.StoredHashCount(floor), tlog.StoredHashCount(t.size); at < from; at++ {
		kept.hashes[at] = t.hashes[at]
	}
	t.hashes = kept.hashes
}

// clone returns a copy that can be read while the tree grows.
func (t *tree) clone() tree {
	c := tree{size: t.size, hashes: make(map[int64]tlog.Hash, len(t.hashes))}
	for at, h := range t.hashes {
		c.hashes[at] = h
	}
	return c
}

// ReadHashes implements tlog.HashReader over what is kept.
func (t *tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, at := range indexes {
		h, ok := t.hashes[at]
		if !ok {
			return nil, fmt.Errorf("exportlog: hash %d is below the tree's floor", at)
		}
		hashes[i] = h
	}
	return hashes, nil
}

// must is for tlog's errors, which are all the reader's: that it was asked for a
// hash that is kept and does not have it is a mistake in this file, never in data.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
