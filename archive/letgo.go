package archive

import (
	"context"
	"errors"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// changeHolds places or releases holds, and then looks for others who did the same in
// the meantime: an object has one hold, whoever wants it, and the last to take it off
// may not have seen a row that came just before.
func (a *Archive) changeHolds(ctx context.Context, c *change, s Selection) (ChangeReport, error) {
	start, err := a.log.Head(ctx)
	if err != nil {
		return ChangeReport{}, err
	}
	report, err := c.run(ctx, a.Select(ctx, s))
	return report, errors.Join(err, a.holdAgain(ctx, start.Size, c.changed))
}

func (a *Archive) setHold(ctx context.Context, _ target, ref worm.Ref) error {
	return a.store.SetLegalHold(ctx, ref, true)
}

// letGo takes the hold off the objects of exports that were released, but for those
// that another export, or another matter, still holds.
func (a *Archive) letGo(ctx context.Context, released []target) []ChangeFailure {
	var mu sync.Mutex
	var failures []ChangeFailure
	fail := func(f ChangeFailure) {
		mu.Lock()
		defer mu.Unlock()
		failures = append(failures, f)
	}
	held, err := a.heldBeside(ctx, released)
	var g errgroup.Group
	g.SetLimit(changePackets)
	for _, t := range released {
		if err != nil {
			fail(ChangeFailure{ExportRowID: t.ExportRowID, PromotionPacketID: t.PromotionPacketID, Err: err})
			continue
		}
		g.Go(func() error {
			f := a.eachObject(ctx, t, t.refs, func(ctx context.Context, _ target, ref worm.Ref) error {
				if held[ref] {
					return nil
				}
				return a.store.SetLegalHold(ctx, ref, false)
			})
			if f != nil {
				fail(*f)
			}
			return nil
		})
	}
	g.Wait()
	return failures
}

// heldBeside returns the objects that exports of the same batches and packets hold:
// those share manifests and documents.
func (a *Archive) heldBeside(ctx context.Context, released []target) (map[worm.Ref]bool, error) {
	var queries []exportlog.Query
	asked := map[exportlog.Query]bool{}
	for _, t := range released {
		for _, q := range []exportlog.Query{{ExportBatchID: t.ExportBatchID}, {PromotionPacketID: t.PromotionPacketID}} {
			if !asked[q] {
				asked[q] = true
				queries = append(queries, q)
			}
		}
	}
	var mu sync.Mutex
	beside := map[int64]exportlog.Row{}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(changePackets)
	for _, q := range queries {
		g.Go(func() error {
			rows, err := a.log.Find(gctx, q)
			mu.Lock()
			defer mu.Unlock()
			for _, r := range rows {
				if r.Kind == exportlog.KindExport {
					beside[r.ExportRowID] = r
				}
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return a.heldBy(ctx, beside)
}

// heldBy returns the objects of those exports that are held.
func (a *Archive) heldBy(ctx context.Context, exports map[int64]exportlog.Row) (map[worm.Ref]bool, error) {
	var mu sync.Mutex
	held := map[worm.Ref]bool{}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(changePackets)
	for _, export := range exports {
		g.Go(func() error {
			refs, err := a.heldRefs(gctx, export)
			mu.Lock()
			defer mu.Unlock()
			for _, ref := range refs {
				held[ref] = true
			}
			return err
		})
	}
	return held, g.Wait()
}

// heldRefs returns an export's objects if it is held, and none if it is not.
func (a *Archive) heldRefs(ctx context.Context, export exportlog.Row) ([]worm.Ref, error) {
	c, err := a.log.CurrentOfRow(ctx, export)
	if err != nil || !c.Held() {
		return nil, err
	}
	return a.newManifestReader().refs(ctx, export)
}

// holdAgain puts the hold back on what others placed a hold on while we changed holds
// of the same batch or packet. Since everybody looks after their own row is there, one
// of any two sees the other.
func (a *Archive) holdAgain(ctx context.Context, since int64, ours []exportlog.Row) error {
	if len(ours) == 0 {
		return nil
	}
	mine, batches, packets := map[int64]bool{}, map[string]bool{}, map[string]bool{}
	for _, r := range ours {
		mine[r.ExportRowID], batches[r.ExportBatchID], packets[r.PromotionPacketID] = true, true, true
	}
	again := map[int64]bool{}
	for r, err := range a.log.Rows(ctx, since+1) {
		if err != nil {
			return err
		}
		changed := r.Kind == exportlog.KindHold || r.Kind == exportlog.KindRelease
		if !changed || mine[r.ExportRowID] || !batches[r.ExportBatchID] && !packets[r.PromotionPacketID] {
			continue
		}
		again[r.SubjectExportRowID] = true
		for _, o := range ours {
			if o.ExportBatchID == r.ExportBatchID || o.PromotionPacketID == r.PromotionPacketID {
				again[o.SubjectExportRowID] = true
			}
		}
	}
	for id := range again {
		c, err := a.log.CurrentOf(ctx, id)
		if err != nil {
			return err
		}
		if !c.Held() {
			continue
		}
		refs, err := a.newManifestReader().refs(ctx, c.Exported)
		if err != nil {
			return err
		}
		if f := a.eachObject(ctx, target{Current: c}, refs, a.setHold); f != nil {
			return f.Err
		}
	}
	return nil
}
