package exportlog

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"strings"

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
	if done := d.v.chain.rows &^ (tileWidth - 1); done-d.floor > maxRecent {
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
	// A mark that is absent is no loss: a newer one stands for it.
	if err := d.compare(ctx, []object{{m.key(), m.encode()}}, false); err != nil {
		return err
	}
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
