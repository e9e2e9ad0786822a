package exportlog

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// derivedCheck compares derived objects with what the rows come to, while the
// rows are walked over.
type derivedCheck struct {
	v      *verification
	marked int64 // rows up to here are said to be derived
	block  []Row // of the block that is being walked over
	big    hash.Hash
	bigLen int64
	index  int64 // index entries found of rows up to marked
	head   int64 // rows the log has by now
	floor  int64 // the tree is known from here on
}

// start finds the newest mark.
func (d *derivedCheck) start(v *verification) func(context.Context) error {
	d.v, d.big = v, sha256.New()
	return func(ctx context.Context) error {
		for e, err := range v.log.store.List(ctx, headPrefix) {
			if err != nil {
				return err
			}
			blocks, ok := headNumber(e.Ref.Key)
			if !ok {
				v.find(Inserted, e.Ref.Key, 0, "not a mark, and does not belong among them")
				continue
			}
			d.marked = max(d.marked, blocks*tileWidth)
		}
		return nil
	}
}

// rows takes the rows of a commit, that follow so many others. In a damaged log
// nothing is compared any more: what was derived has no rows to be held to.
func (d *derivedCheck) rows(ctx context.Context, before int64, rows []Row) error {
	if d.v.chain.damaged() {
		return nil
	}
	for _, r := range rows {
		if len(d.block) == 0 && (r.ExportRowID-1)%tileWidth != 0 {
			continue // a part of the log that does not begin with a block
		}
		d.block = append(d.block, r)
		if r.ExportRowID%tileWidth != 0 {
			continue
		}
		m := mark{Rows: r.ExportRowID, Commit: d.v.at, CommitFirstRow: before + 1}
		if err := d.check(ctx, m); err != nil {
			return err
		}
		d.block = d.block[:0]
	}
	if err := d.rest(ctx, rows); err != nil {
		return err
	}
	// What was checked is needed no more, but for where the tree goes on.
	if done := d.v.chain.rows &^ (tileWidth - 1); done-d.floor > 2*maxRecent {
		d.v.chain.tree.raise(done)
		d.floor = done
	}
	return nil
}

// rest checks the index entries of rows above the last mark, which may be there
// or not.
func (d *derivedCheck) rest(ctx context.Context, rows []Row) error {
	var objects []object
	for _, r := range rows {
		if r.ExportRowID > d.marked {
			objects = append(objects, indexEntries(r)...)
		}
	}
	return d.compare(ctx, objects, false)
}

// check compares everything that is derived from the block that ends with a mark.
func (d *derivedCheck) check(ctx context.Context, m mark) error {
	root, err := d.v.chain.tree.rootAt(m.Rows)
	if err != nil {
		return err
	}
	m.RootSHA256 = root
	n := m.Rows/tileWidth - 1
	objects, err := blockObjects(n, d.block, &d.v.chain.tree)
	if err != nil {
		return err
	}
	objects = append(objects, object{m.key(), m.encode()})
	if m.Rows <= d.marked {
		for _, r := range d.block {
			objects = append(objects, indexEntries(r)...)
		}
	}
	if err := d.compare(ctx, objects, m.Rows <= d.marked); err != nil {
		return err
	}
	return d.checkBig(ctx, m)
}

// checkBig compares a large block's digest, once its rows have gone by.
func (d *derivedCheck) checkBig(ctx context.Context, m mark) error {
	if (m.Rows-tileWidth)%bigBlock == 0 {
		d.big, d.bigLen = sha256.New(), 0
	}
	for _, r := range d.block {
		d.big.Write(r.line)
		d.bigLen += int64(len(r.line))
	}
	if m.Rows%bigBlock != 0 || d.bigLen == 0 || d.v.scope.From > m.Rows-bigBlock+1 {
		return nil
	}
	key := blockKey(bigBlock, m.Rows/bigBlock-1)
	body, err := d.v.log.store.Open(ctx, worm.Ref{Key: key})
	if errors.Is(err, worm.ErrNotFound) {
		if m.Rows <= d.marked {
			d.v.find(DerivedMissing, key, 0, "it is missing below a mark")
		}
		return nil
	}
	if err != nil {
		return err
	}
	defer body.Close()
	have := sha256.New()
	if _, err := io.Copy(have, io.LimitReader(body, d.bigLen+1)); err != nil {
		return err
	}
	d.v.report.Derived++
	if !bytes.Equal(have.Sum(nil), d.big.Sum(nil)) {
		d.v.find(DerivedDiffers, key, 0, "it is not what the rows come to")
	}
	return nil
}

// compare reads derived objects and compares them; those that must be there are
// named when they are not.
func (d *derivedCheck) compare(ctx context.Context, objects []object, must bool) error {
	found, err := inParallel(ctx, objects, func(ctx context.Context, o object) (*derivedError, error) {
		_, err := readDerived(ctx, d.v.log.store, o.key, int64(len(o.body)), func(b []byte) error {
			if !bytes.Equal(b, o.body) {
				return errors.New("it is not what the rows come to")
			}
			return nil
		})
		var wrong *derivedError
		if errors.As(err, &wrong) {
			return wrong, nil
		}
		return nil, err
	})
	if err != nil {
		return err
	}
	for i, wrong := range found {
		isEntry := strings.HasPrefix(objects[i].key, indexPrefix)
		var row int64
		if isEntry {
			row, _ = indexRow(objects[i].key)
		}
		switch {
		case wrong == nil || !wrong.Missing:
			d.v.report.Derived++
			if isEntry && must {
				d.index++
			}
			if wrong != nil {
				d.v.find(DerivedDiffers, wrong.Object, row, "%s", wrong.Problem)
			}
		case must:
			d.v.find(DerivedMissing, wrong.Object, row, "it is missing below a mark")
		}
	}
	return nil
}

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
