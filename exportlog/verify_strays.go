package exportlog

import (
	"bytes"
	"context"
	"errors"

	"golang.org/x/mod/sumdb/tlog"
)

// strays names what lies among derived objects and was derived from nothing.
func (d *derivedCheck) strays(ctx context.Context) error {
	if d.v.chain.damaged() {
		return nil
	}
	head, err := d.v.log.current(ctx) // more may have been appended meanwhile
	if err != nil {
		return err
	}
	d.head = max(head.Size, d.v.chain.rows)
	if err := d.strayEntries(ctx); err != nil {
		return err
	}
	for _, prefix := range []string{blockPrefix, tilePrefix, headPrefix} {
		for e, err := range d.v.log.store.List(ctx, prefix) {
			if err != nil {
				return err
			}
			if err := d.stray(ctx, e.Ref.Key); err != nil {
				return err
			}
		}
	}
	return nil
}

// stray names a block, tile or mark that the log has no rows for. Those it has
// rows for were compared, but for the partial tiles that lie there for checkpoints.
func (d *derivedCheck) stray(ctx context.Context, key string) error {
	rows, tile, ok := derivedFrom(key)
	if !ok || rows > d.head {
		d.v.find(Inserted, key, 0, "it belongs to no rows of the log")
		return nil
	}
	if tile.W == 0 || tile.W == tileWidth || tile.L > 0 {
		return nil
	}
	proofs, err := d.v.log.view(ctx)
	if err != nil {
		return err
	}
	want, err := tlog.ReadTileData(tlog.Tile{H: tileHeight, L: 0, N: tile.N, W: tile.W}, proofs)
	if err != nil {
		return d.v.log.unlessDerived(err)
	}
	_, err = readDerived(ctx, d.v.log.store, key, tileWidth*MaxLineBytes, func(b []byte) error {
		if tile.L < 0 {
			b, err = leafHashes(b)
		}
		if err != nil || !bytes.Equal(b, want) {
			return errors.New("it is not what the rows come to")
		}
		return nil
	})
	d.v.report.Derived++
	if wrong := new(derivedError); errors.As(err, &wrong) {
		d.v.find(DerivedDiffers, wrong.Object, 0, "%s", wrong.Problem)
		return nil
	}
	return err
}

// strayEntries looks for index entries of no row. Up to the mark all entries were
// there to be counted: only if there are more of them now is each looked at. Above
// it, writers may be adding theirs, and each is.
func (d *derivedCheck) strayEntries(ctx context.Context) error {
	proofs, err := d.v.log.view(ctx)
	if err != nil {
		return err
	}
	listed, err := d.weedWhere(ctx, proofs, func(row int64) bool { return row == 0 || row > d.marked })
	if err != nil || listed == d.index {
		return err
	}
	_, err = d.weedWhere(ctx, proofs, func(row int64) bool { return 0 < row && row <= d.marked })
	return err
}

// weedWhere weeds the index entries of some rows, and counts the others. One whose
// name has no row is of row 0.
func (d *derivedCheck) weedWhere(ctx context.Context, proofs view, suspicious func(row int64) bool) (others int64, err error) {
	var keys []string
	for e, err := range d.v.log.store.List(ctx, indexPrefix) {
		if err != nil {
			return 0, err
		}
		row, _ := indexRow(e.Ref.Key)
		if !suspicious(row) {
			others++
			continue
		}
		if keys = append(keys, e.Ref.Key); len(keys) == parallelReads {
			if err := d.weed(ctx, proofs, keys); err != nil {
				return 0, err
			}
			keys = keys[:0]
		}
	}
	return others, d.weed(ctx, proofs, keys)
}

// weed names those of some index entries that are of no row.
func (d *derivedCheck) weed(ctx context.Context, proofs view, keys []string) error {
	genuine, err := inParallel(ctx, keys, func(ctx context.Context, key string) (bool, error) { return d.genuine(ctx, proofs, key) })
	for i, ok := range genuine {
		if !ok {
			d.v.find(Inserted, keys[i], 0, "an index entry of no row")
		}
	}
	return err
}

// genuine reports whether an index entry is one of a row of the log: whether it
// holds what it should was checked with the row.
func (d *derivedCheck) genuine(ctx context.Context, proofs view, key string) (bool, error) {
	number, ok := indexRow(key)
	if !ok || number > d.head {
		return false, nil
	}
	line, err := readDerived(ctx, d.v.log.store, key, MaxLineBytes, func([]byte) error { return nil })
	if err != nil && !errors.Is(err, errDerived) {
		return false, err
	}
	row, bad := decode(line)
	hash, err := proofs.ReadHashes([]int64{tlog.StoredHashIndex(0, number-1)})
	if err == nil && bad == nil && hash[0] == tlog.RecordHash(line) {
		return hasEntry(row, key), nil
	}
	at, err := d.v.log.commitAt(ctx, number)
	return err == nil && hasEntry(at.row, key), err
}

func hasEntry(r Row, key string) bool {
	for _, o := range indexEntries(r) {
		if o.key == key {
			return true
		}
	}
	return false
}
