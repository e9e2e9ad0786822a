package exportlog

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"golang.org/x/mod/sumdb/tlog"
)

// Rows yields the rows from an export_row_id on, oldest first, up to the end of
// the log when it was called. Rows below the newest mark are read from blocks,
// 65,536 rows or 256 to a request, and held to the Merkle tree 256 at a time
// before any of them is yielded; a block that does not fit is read from the
// commits instead. No more than a few blocks are held in memory.
//
// A commit that can no longer be read whole is yielded as a [DamagedError] after
// the rows of it that can, and Rows goes on behind it if the caller does. Any
// other error is the last thing it yields.
func (l *Log) Rows(ctx context.Context, from int64) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		r := rowReader{log: l, from: max(from, 1), yield: func(row Row, err error) bool {
			if err != nil {
				return yield(Row{}, fmt.Errorf("exportlog: rows from %d: %w", from, err)) && errors.Is(err, ErrDamaged)
			}
			return yield(row, nil)
		}}
		if err := l.catchUp(ctx); err != nil {
			r.yield(Row{}, err)
			return
		}
		l.mu.Lock()
		r.mark, r.commits = l.floor.start(), span{l.index.base + 1, l.index.commits()}
		if n := l.index.commitOf(r.from); n > 0 {
			r.commits.first = n
		}
		l.mu.Unlock()
		if r.below(ctx) {
			r.fromCommits(ctx, r.commits, span{r.mark.below() + 1, maxNumber})
		}
	}
}

// rowReader reads rows for one caller.
type rowReader struct {
	log     *Log
	mark    mark
	commits span // that the index covers
	from    int64
	yield   func(Row, error) bool
}

// below yields the rows below the mark's commit; false ends the reading.
func (r *rowReader) below(ctx context.Context) bool {
	last := r.mark.below()
	for row := r.from; row <= last; {
		n := (row - 1) / bigBlock
		if (row-1)%bigBlock == 0 && row+bigBlock-1 <= last {
			done, ok := r.big(ctx, n)
			if !ok {
				return false
			}
			if row += done; done == bigBlock {
				continue
			}
		}
		end := min((n+1)*bigBlock, last)
		if !r.small(ctx, span{row, end}) {
			return false
		}
		row = end + 1
	}
	return true
}

// prefetch is how many small blocks are read at once.
const prefetch = 8

// small yields rows from blocks of 256.
func (r *rowReader) small(ctx context.Context, rows span) bool {
	for at := rows.first; at <= rows.last; {
		var blocks []int64
		for n := (at - 1) / tileWidth; n <= (rows.last-1)/tileWidth && len(blocks) < prefetch; n++ {
			blocks = append(blocks, n)
		}
		got, err := inParallel(ctx, blocks, func(ctx context.Context, n int64) ([]Row, error) {
			lines, err := r.log.readBlock(ctx, n)
			if err == nil {
				var block []Row
				if block, err = r.vouch(ctx, n, lines); err == nil {
					return block, nil
				}
			}
			return nil, r.log.unlessDerived(err)
		})
		if err != nil {
			r.yield(Row{}, err)
			return false
		}
		for i, n := range blocks {
			want := span{max(rows.first, n*tileWidth+1), min(rows.last, (n+1)*tileWidth)}
			if !r.block(ctx, got[i], want) {
				return false
			}
			at = want.last + 1
		}
	}
	return true
}

// block yields the wanted rows of a block, from the commits if there is none.
func (r *rowReader) block(ctx context.Context, block []Row, want span) bool {
	if block == nil {
		return r.truth(ctx, want)
	}
	for _, row := range block {
		if row.ExportRowID >= want.first && row.ExportRowID <= want.last && !r.yield(row, nil) {
			return false
		}
	}
	return true
}

// truth yields rows below the mark from commits that have to be found first.
func (r *rowReader) truth(ctx context.Context, want span) bool {
	first, err := r.log.search(ctx, want.first, r.mark.Commit)
	if err != nil {
		r.yield(Row{}, err)
		return false
	}
	return r.fromCommits(ctx, span{first, r.mark.Commit}, want)
}

// fromCommits yields the wanted rows of some commits, a few read at once.
func (r *rowReader) fromCommits(ctx context.Context, commits, want span) bool {
	type read struct {
		rows []Row
		bad  error
	}
	for n := commits.first; n <= commits.last; n += prefetch {
		var numbers []int64
		for i := n; i <= min(n+prefetch-1, commits.last); i++ {
			numbers = append(numbers, i)
		}
		got, err := inParallel(ctx, numbers, func(ctx context.Context, n int64) (read, error) {
			rows, err := r.log.rowsOf(ctx, n)
			if errors.Is(err, ErrDamaged) {
				return read{rows, err}, nil
			}
			return read{rows: rows}, err
		})
		if err != nil {
			r.yield(Row{}, err)
			return false
		}
		for _, c := range got {
			for _, row := range c.rows {
				if row.ExportRowID > want.last {
					return true
				}
				if row.ExportRowID >= max(r.from, want.first) && !r.yield(row, nil) {
					return false
				}
			}
			if c.bad != nil && !r.yield(Row{}, c.bad) {
				return false
			}
		}
	}
	return true
}

// vouch decodes the lines of a block of 256, if the tree has them.
func (r *rowReader) vouch(ctx context.Context, n int64, lines [][]byte) ([]Row, error) {
	hash, err := r.log.tiles.under(ctx, r.mark.tree()).ReadHashes([]int64{tlog.StoredHashIndex(tileHeight, n)})
	if err != nil {
		return nil, err
	}
	if blockHash(lines) != hash[0] {
		return nil, &derivedError{Object: blockKey(tileWidth, n), Problem: "its rows are not the log's"}
	}
	rows := make([]Row, len(lines))
	for i, line := range lines {
		if rows[i], err = decode(line); err != nil {
			return nil, &derivedError{Object: blockKey(tileWidth, n), Problem: err.Error()}
		}
	}
	return rows, nil
}

// blockHash is the root of the subtree over 256 lines.
func blockHash(lines [][]byte) tlog.Hash {
	t := newTree()
	for _, line := range lines {
		t.add(line)
	}
	return tlog.Hash(t.root())
}
