package archive

import (
	"context"
	"iter"
	"strings"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// inStep lists a folder of two stores at the same time and visits each key once, in
// ascending order, with who has it.
func inStep(ctx context.Context, a, b *worm.Store, prefix string, visit func(key string, inA, inB bool) error) error {
	nextA, stopA := iter.Pull2(a.List(ctx, prefix))
	defer stopA()
	nextB, stopB := iter.Pull2(b.List(ctx, prefix))
	defer stopB()
	keyA, moreA, err := pull(nextA)
	if err != nil {
		return err
	}
	keyB, moreB, err := pull(nextB)
	if err != nil {
		return err
	}
	for moreA || moreB {
		inA := moreA && (!moreB || keyA <= keyB)
		inB := moreB && (!moreA || keyB <= keyA)
		key := keyB
		if inA {
			key = keyA
		}
		if err := visit(key, inA, inB); err != nil {
			return err
		}
		if inA {
			if keyA, moreA, err = pull(nextA); err != nil {
				return err
			}
		}
		if inB {
			if keyB, moreB, err = pull(nextB); err != nil {
				return err
			}
		}
	}
	return nil
}

func pull(next func() (worm.Entry, error, bool)) (string, bool, error) {
	e, err, more := next()
	return e.Ref.Key, more, err
}

// pointsTo returns the replica's row that points to an object; 0 if none does.
func (c *comparing) pointsTo(ctx context.Context, key string) (int64, error) {
	parts := strings.Split(key, "/")
	if len(parts) < 3 {
		return 0, nil
	}
	q := exportlog.Query{ExportBatchID: parts[1]}
	if parts[0]+"/" == packets {
		id, err := worm.UnescapeSegment(parts[1])
		if err != nil {
			return 0, nil // no id of ours
		}
		q = exportlog.Query{PromotionPacketID: id}
	}
	rows, err := c.replica.to.log.Find(ctx, q)
	if err != nil {
		return 0, err
	}
	for _, row := range rows {
		if row.Kind != exportlog.KindExport {
			continue
		}
		has, err := c.has(ctx, row, key)
		if has || err != nil {
			return row.ExportRowID, err
		}
	}
	return 0, nil
}

// has reports whether a row points to an object, by the manifest that either has of it.
func (c *comparing) has(ctx context.Context, row exportlog.Row, key string) (bool, error) {
	if rowManifest(row) == key {
		return true, nil
	}
	e, err := c.replica.from.newOpener().evidence(ctx, row)
	if err != nil {
		e, err = c.replica.to.newOpener().evidence(ctx, row)
	}
	if err != nil {
		return false, ctx.Err() // named where the manifest is compared
	}
	for _, o := range e.Packet.Objects() {
		if o.Subject == key {
			return true, nil
		}
	}
	return false, nil
}
