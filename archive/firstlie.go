package archive

import (
	"context"
	"errors"
	"fmt"

	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
)

// anchor checks that the log still has the row that was its last when the
// manifest was signed, and else names the first row that was rewritten.
func (c *confirmer) anchor(ctx context.Context) error {
	found, seen := len(c.Findings), c.Evidence.Statement.Predicate.Log
	defer func() {
		if seen.Size == 0 {
			c.checked(found, "anchor", "the manifest was signed over an empty log")
			return
		}
		c.checked(found, "anchor", "the log still has its rows up to %d, which the manifest was signed over", seen.Size)
	}()
	if seen.Size >= c.row.ExportRowID {
		c.find(LogRewritten, c.opener.key, "the manifest was signed over %d rows, and its own row is number %d: rows were removed or renumbered", seen.Size, c.row.ExportRowID)
	}
	if seen.Size == 0 || c.anchors[seen] {
		return nil
	}
	held, err := c.holds(ctx, seen)
	if held && c.anchors != nil {
		c.anchors[seen] = true
	}
	if err != nil || held {
		return err
	}
	where, err := c.rewritten(ctx, seen.Size)
	if err != nil {
		return err
	}
	c.find(LogRewritten, c.opener.key, "row %d of the log is not the one the manifest was signed over: %s", seen.Size, where)
	return nil
}

// rewritten says which rows of a log were rewritten that is not the one a manifest
// was signed over. Every manifest remembers the row that was last when it was
// signed, and that row vouches for those before it: so of the manifests in between,
// those before the first rewritten row are borne out and the others are not, and
// halving finds the place.
func (c *confirmer) rewritten(ctx context.Context, size int64) (string, error) {
	good, bad := int64(0), size
	for bad-good > 1 {
		anchor, ok, err := c.anchorBetween(ctx, good, bad)
		if err != nil {
			return "", err
		}
		if !ok {
			break
		}
		held, err := c.holds(ctx, anchor)
		if err != nil {
			return "", err
		}
		if held {
			good = anchor.Size
		} else {
			bad = anchor.Size
		}
	}
	if bad-good == 1 {
		return fmt.Sprintf("row %d is the first that was rewritten", bad), nil
	}
	return fmt.Sprintf("the first row that was rewritten is one of %d to %d", good+1, bad), nil
}

// anchorBetween finds what a manifest remembers of the log between two sizes, as
// close to the middle as there is one.
func (c *confirmer) anchorBetween(ctx context.Context, good, bad int64) (manifest.LogAnchor, bool, error) {
	middle := good + (bad-good)/2
	for _, part := range [][2]int64{{middle + 1, bad}, {good + 2, middle}} {
		anchor, ok, err := c.anchorAmong(ctx, part[0], part[1], good, bad)
		if ok || err != nil {
			return anchor, ok, err
		}
	}
	return manifest.LogAnchor{}, false, nil
}

// anchorAmong looks through the export rows from one to another.
func (c *confirmer) anchorAmong(ctx context.Context, from, to, good, bad int64) (manifest.LogAnchor, bool, error) {
	if from > to {
		return manifest.LogAnchor{}, false, nil
	}
	opener := c.archive.newOpener()
	for row, err := range c.archive.log.Rows(ctx, from) {
		if errors.Is(err, exportlog.ErrDamaged) {
			continue
		}
		if err != nil {
			return manifest.LogAnchor{}, false, err
		}
		if row.ExportRowID > to {
			break
		}
		if row.Kind != exportlog.KindExport || ctx.Err() != nil {
			continue
		}
		e, err := opener.evidence(ctx, row)
		if err != nil {
			continue // rewritten itself, or its manifest is; neither can tell
		}
		if anchor := e.Statement.Predicate.Log; anchor.Size > good && anchor.Size < bad {
			return anchor, true, nil
		}
	}
	return manifest.LogAnchor{}, false, ctx.Err()
}

// holds reports whether the log still has the row that a manifest remembers.
func (c *confirmer) holds(ctx context.Context, seen manifest.LogAnchor) (bool, error) {
	rows, err := c.archive.log.Find(ctx, exportlog.Query{ExportRowID: seen.Size})
	if err != nil && !errors.Is(err, exportlog.ErrDamaged) {
		return false, err
	}
	return len(rows) == 1 && rows[0].SHA256().String() == seen.LastRowSHA256, nil
}
