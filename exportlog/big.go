package exportlog

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// bigBlock is the rows of a large block: 256 small ones.
const bigBlock = tileWidth * tileWidth

// big yields the rows of a large block as they arrive, each 256 once the tree
// vouches for them, and returns how many it got through: the rest is read
// otherwise. False ends the reading.
func (r *rowReader) big(ctx context.Context, n int64) (done int64, ok bool) {
	body, err := r.log.store.Open(ctx, worm.Ref{Key: blockKey(bigBlock, n)})
	if err != nil {
		return 0, true // the small blocks have the same rows
	}
	defer body.Close()
	lines := bufio.NewReaderSize(body, MaxLineBytes)
	for small := n * tileWidth; small < (n+1)*tileWidth; small++ {
		chunk, err := readLines(lines, tileWidth)
		var rows []Row
		if err == nil {
			rows, err = r.vouch(ctx, small, chunk)
		}
		if err != nil {
			if wrong := new(derivedError); errors.As(err, &wrong) {
				r.log.doubt(&derivedError{Object: blockKey(bigBlock, n), Problem: wrong.Problem})
			}
			return done, true
		}
		for _, row := range rows {
			if !r.yield(row, nil) {
				return done, false
			}
		}
		done += tileWidth
	}
	return done, true
}

// readLines reads some lines, newlines included.
func readLines(from *bufio.Reader, count int) ([][]byte, error) {
	lines := make([][]byte, count)
	for i := range lines {
		line, err := from.ReadSlice('\n') // a line beyond the buffer's size is an error
		if err != nil {
			return nil, err
		}
		lines[i] = bytes.Clone(line)
	}
	return lines, nil
}

// putBig writes a large block from the small ones, which are read twice: once for
// the digest and once to be stored. Nothing is held in memory.
func (l *Log) putBig(ctx context.Context, n int64) error {
	digest := sha256.New()
	small := &smallBlocks{ctx: ctx, log: l, next: n * tileWidth, end: (n + 1) * tileWidth}
	size, err := io.Copy(hashOnly{digest}, small)
	if err != nil {
		return err
	}
	spec := worm.Spec{Size: size, SHA256: worm.Digest(digest.Sum(nil)), Lock: l.cfg.Lock(l.cfg.Clock().UTC()), ContentType: "application/jsonl"}
	small = &smallBlocks{ctx: ctx, log: l, next: n * tileWidth, end: (n + 1) * tileWidth}
	_, err = l.store.Put(ctx, blockKey(bigBlock, n), small, spec)
	return l.settleDerived(blockKey(bigBlock, n), err)
}

type hashOnly struct{ hash.Hash }

// smallBlocks reads small blocks one after the other.
type smallBlocks struct {
	ctx       context.Context
	log       *Log
	next, end int64
	rest      []byte
}

func (b *smallBlocks) Read(p []byte) (int, error) {
	for len(b.rest) == 0 {
		if b.next == b.end {
			return 0, io.EOF
		}
		var err error
		if b.rest, err = b.log.store.Read(b.ctx, worm.Ref{Key: blockKey(tileWidth, b.next)}, maxBlockBytes); err != nil {
			return 0, err
		}
		b.next++
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}
