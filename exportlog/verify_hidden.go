package exportlog

import (
	"context"
	"fmt"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// list finds the highest commit in the bucket's listing, and names what does not
// belong there.
func (v *verification) list(ctx context.Context) error {
	for e, err := range v.log.store.List(ctx, commitPrefix) {
		if err != nil {
			return err
		}
		n, ok := commitNumber(e.Ref.Key)
		if !ok {
			v.find(Inserted, e.Ref.Key, 0, "not a commit, and does not belong among them")
		}
		v.highest = max(v.highest, n)
	}
	return nil
}

// hidden names versions that something lies over. Everything in the log is only
// ever created, so somebody has put it there.
func (v *verification) hidden(ctx context.Context) error {
	stored := map[int64]worm.Object{}
	for e, err := range v.log.store.ListHidden(ctx, "log/") {
		if err != nil {
			return err
		}
		f := Finding{Kind: Hidden, Object: e.Ref.Key, Version: e.Ref.Version,
			Problem: fmt.Sprintf("version %s is hidden by a delete marker or a newer version", e.Ref.Version)}
		if n, ok := commitNumber(e.Ref.Key); ok {
			o, err := v.log.store.State(ctx, e.Ref)
			if err != nil {
				return err
			}
			if first, ok := stored[n]; !ok || o.StoredAt.Before(first.StoredAt) {
				stored[n], v.originals[n] = o, e.Ref
			}
			v.highest = max(v.highest, n)
			f.ExportRowID = v.firstRow(ctx, e.Ref)
		}
		v.findings = append(v.findings, f)
	}
	return nil
}

// firstRow returns the first row of a version of a commit; 0 if it has none.
func (v *verification) firstRow(ctx context.Context, ref worm.Ref) int64 {
	s, err := readVersion(ctx, v.log.store, ref)
	if err != nil {
		return 0
	}
	lines, err := s.lines()
	if err != nil {
		return 0
	}
	row, err := decode(lines[0])
	if err != nil {
		return 0
	}
	return row.ExportRowID
}
