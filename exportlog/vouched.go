package exportlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/mod/sumdb/tlog"
	"golang.org/x/sync/errgroup"
)

// maxBlockBytes bounds a block of 256 rows.
const maxBlockBytes = tileWidth * MaxLineBytes

// entriesPerBlock is how many rows of one block are read one by one before the
// block is read instead.
const entriesPerBlock = 4

// vouched reads rows below a mark from derived objects: from the entries of a
// term if there is one, or from blocks. A line counts only if its hash is the
// tree's, and the tree is the truth's own; what fails that is remembered, and
// read from its commit instead. Rows come in the order of their numbers asked for.
func (l *Log) vouched(ctx context.Context, m mark, t term, numbers []int64) ([]Row, error) {
	lines := make([][]byte, len(numbers))
	hashes := make([]tlog.Hash, len(numbers))
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return l.fetchLines(gctx, t, numbers, lines) })
	g.Go(func() error {
		indexes := make([]int64, len(numbers))
		for i, row := range numbers {
			indexes[i] = tlog.StoredHashIndex(0, row-1)
		}
		got, err := l.tiles.under(gctx, m.tree()).ReadHashes(indexes)
		copy(hashes, got)
		return l.unlessDerived(err)
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	rows := make([]Row, len(numbers))
	for i, line := range lines {
		var err error
		if line != nil && tlog.RecordHash(line) == hashes[i] {
			if rows[i], err = decode(line); err == nil {
				continue
			}
		}
		if line != nil && hashes[i] != (tlog.Hash{}) {
			l.doubt(&derivedError{Object: l.source(t, numbers[i]), Problem: fmt.Sprintf("row %d in it is not the log's", numbers[i])})
		}
		if rows[i], err = l.fromTruth(ctx, numbers[i]); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// unlessDerived notes what is wrong with derived objects, and passes on any
// other error.
func (l *Log) unlessDerived(err error) error {
	if errors.Is(err, errDerived) {
		l.doubt(err)
		return nil
	}
	return err
}

// source names where a line was read.
func (l *Log) source(t term, row int64) string {
	if t.value == "" {
		return blockKey(tileWidth, (row-1)/tileWidth)
	}
	return indexKey(t, row)
}

// fetchLines fills in the lines it can get. What is absent stays nil.
func (l *Log) fetchLines(ctx context.Context, t term, numbers []int64, lines [][]byte) error {
	perBlock := map[int64]int{}
	for _, row := range numbers {
		perBlock[(row-1)/tileWidth]++
	}
	var mu sync.Mutex
	blocks := map[int64][][]byte{}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(parallelReads)
	for n, wanted := range perBlock {
		if t.value != "" && wanted <= entriesPerBlock {
			continue
		}
		g.Go(func() error {
			block, err := l.readBlock(gctx, n)
			mu.Lock()
			defer mu.Unlock()
			blocks[n] = block
			return l.unlessDerived(err)
		})
	}
	for i, row := range numbers {
		if t.value == "" || perBlock[(row-1)/tileWidth] > entriesPerBlock {
			continue
		}
		g.Go(func() error {
			line, err := readDerived(gctx, l.store, indexKey(t, row), MaxLineBytes, func([]byte) error { return nil })
			lines[i] = line
			return l.unlessDerived(err)
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for i, row := range numbers {
		if block := blocks[(row-1)/tileWidth]; block != nil {
			lines[i] = block[(row-1)%tileWidth]
		}
	}
	return nil
}

// readBlock returns the 256 lines of a small block, which are yet to be vouched for.
func (l *Log) readBlock(ctx context.Context, n int64) (lines [][]byte, err error) {
	_, err = readDerived(ctx, l.store, blockKey(tileWidth, n), maxBlockBytes, func(b []byte) error {
		lines = bytes.SplitAfter(b, []byte("\n"))
		if len(lines) != tileWidth+1 || len(lines[tileWidth]) > 0 {
			lines = nil
			return fmt.Errorf("it does not have %d lines", tileWidth)
		}
		lines = lines[:tileWidth]
		return nil
	})
	return lines, err
}

// standing is where a row stands in the truth.
type standing struct {
	row    Row
	commit int64
	first  int64 // row of that commit
}

// fromTruth reads one row from its commit, which has to be found first.
func (l *Log) fromTruth(ctx context.Context, row int64) (Row, error) {
	p, err := l.commitAt(ctx, row)
	return p.row, err
}

func (l *Log) commitAt(ctx context.Context, row int64) (standing, error) {
	l.mu.Lock()
	n, last := l.index.commitOf(row), l.index.base
	l.mu.Unlock()
	if n == 0 {
		var err error
		if n, err = l.search(ctx, row, last); err != nil {
			return standing{}, err
		}
	}
	rows, err := l.rowsOf(ctx, n)
	for _, r := range rows {
		if r.ExportRowID == row {
			return standing{r, n, rows[0].ExportRowID}, nil
		}
	}
	if err == nil {
		err = &DamagedError{Findings: []Finding{{Kind: Missing, Object: commitKey(n), ExportRowID: row, Problem: "the row should be in this commit and is not"}}}
	}
	return standing{}, err
}

// search finds the commit that holds a row among the first last commits, by
// reading commits spread over what remains until one remains.
func (l *Log) search(ctx context.Context, row, last int64) (int64, error) {
	low, high := int64(1), min(last, row) // a commit has at least one row
	for low < high {
		step := max((high-low)/parallelProbes, 1)
		var probes []int64
		for n := low + step; n <= high; n += step {
			probes = append(probes, n)
		}
		firsts := make([]int64, len(probes))
		g, gctx := errgroup.WithContext(ctx)
		for i, n := range probes {
			g.Go(func() error {
				rows, err := l.rowsOf(gctx, n)
				if len(rows) > 0 {
					firsts[i], err = rows[0].ExportRowID, nil
				}
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return 0, err
		}
		for i, n := range probes {
			if firsts[i] > row {
				high = n - 1
				break
			}
			low = n
		}
	}
	return low, nil
}

const parallelProbes = 16
