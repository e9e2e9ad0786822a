package archive

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"
	"time"

	gax "github.com/googleapis/gax-go/v2"
	"golang.org/x/sync/errgroup"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// The bounds of a change of many exports.
const (
	changeJobs     = 4   // manifests whose exports are changed at once
	changePackets  = 8   // exports of one manifest at once
	maxJob         = 500 // exports, whose rows go into one commit
	changeTries    = 8   // of one object, while other writers are in the way
	progressPeriod = time.Second
)

// change is what is done to each of many exports.
type change struct {
	archive  *Archive
	progress func(ChangeReport)

	// plan returns the row that the log will have of an export; false if the export is
	// as it should be already. An error refuses the change.
	plan func(ctx context.Context, t target) (exportlog.Row, bool, error)
	// object changes one object of an export, before its row is there; it may be nil.
	object func(ctx context.Context, t target, ref worm.Ref) error
	// after does what remains when the rows are there; it may be nil.
	after func(ctx context.Context, changed []target) []ChangeFailure

	mu      sync.Mutex
	report  ChangeReport
	changed []exportlog.Row // that were appended
	told    time.Time
}

// target is one export to be changed: as it stands, and what lies in the bucket.
type target struct {
	exportlog.Current
	manifests *manifestReader
	refs      []worm.Ref // its manifest, packet and exhibits
	row       exportlog.Row
	existing  bool // the row was there before
}

// run changes every export selected, and says what was done.
func (c *change) run(ctx context.Context, selected iter.Seq2[exportlog.Current, error]) (ChangeReport, error) {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(changeJobs)
	var damage error
	for job, err := range jobs(selected) {
		if errors.Is(err, exportlog.ErrDamaged) {
			damage = err // nothing can be appended either, and the first append says so
			continue
		}
		if err != nil {
			g.Go(func() error { return err })
			break
		}
		g.Go(func() error { return c.job(gctx, job) })
		if gctx.Err() != nil {
			break
		}
	}
	err := errors.Join(g.Wait(), damage)
	for _, list := range [][]int64{c.report.Changed, c.report.Already} {
		slices.Sort(list)
	}
	slices.SortFunc(c.report.Failed, func(a, b ChangeFailure) int { return int(a.ExportRowID - b.ExportRowID) })
	c.tell(true)
	if err == nil && len(c.report.Failed) > 0 {
		err = &PartialError{Report: c.report}
	}
	return c.report, err
}

// jobs groups exports that stand together under one manifest.
func jobs(selected iter.Seq2[exportlog.Current, error]) iter.Seq2[[]exportlog.Current, error] {
	return func(yield func([]exportlog.Current, error) bool) {
		var job []exportlog.Current
		for c, err := range selected {
			if err != nil {
				if !yield(nil, err) {
					return
				}
				continue
			}
			if len(job) == maxJob || len(job) > 0 && job[0].Exported.ContentIntegrityReference != c.Exported.ContentIntegrityReference {
				if !yield(job, nil) {
					return
				}
				job = nil
			}
			job = append(job, c)
		}
		if len(job) > 0 {
			yield(job, nil)
		}
	}
}

// job changes the exports of one manifest and appends their rows in one commit.
func (c *change) job(ctx context.Context, exports []exportlog.Current) error {
	shared := c.archive.newManifestReader()
	ready := make([]*target, len(exports))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(changePackets)
	for i, export := range exports {
		g.Go(func() error {
			t := &target{Current: export, manifests: shared}
			if c.prepare(gctx, t) {
				ready[i] = t
			}
			return gctx.Err()
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	var changed []target
	var rows []exportlog.Row
	for _, t := range ready {
		if t != nil {
			changed, rows = append(changed, *t), append(rows, t.row)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	appended, err := c.archive.log.Append(ctx, rows...)
	if err != nil {
		return err
	}
	for i, r := range appended {
		changed[i].row, changed[i].existing = r.Row, r.Existing
	}
	var failures []ChangeFailure
	if c.after != nil {
		failures = c.after(ctx, changed)
	}
	c.settle(changed, failures)
	return ctx.Err()
}

// prepare plans an export's row and changes its objects; false if there is nothing to
// do, or it could not be done.
func (c *change) prepare(ctx context.Context, t *target) bool {
	row, due, err := c.plan(ctx, *t)
	if err == nil && !due {
		c.note(func(r *ChangeReport) { r.Already = append(r.Already, t.ExportRowID) })
		return false
	}
	if t.row = row; err == nil {
		t.refs, err = t.manifests.refs(ctx, t.Exported)
	}
	if err != nil {
		c.fail(ChangeFailure{ExportRowID: t.ExportRowID, PromotionPacketID: t.PromotionPacketID, Err: err})
		return false
	}
	if c.object == nil {
		return true
	}
	f := c.archive.eachObject(ctx, *t, t.refs, c.object)
	if f != nil {
		c.fail(*f)
	}
	return f == nil
}

// manifestReader opens manifests for several at once.
type manifestReader struct {
	mu     sync.Mutex
	opener *opener
}

func (m *manifestReader) evidence(ctx context.Context, export exportlog.Row) (Evidence, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.opener.evidence(ctx, export)
}

// refs returns where an export's objects lie: its manifest, packet and exhibits.
func (m *manifestReader) refs(ctx context.Context, export exportlog.Row) ([]worm.Ref, error) {
	e, err := m.evidence(ctx, export)
	if err != nil {
		return nil, err
	}
	refs := []worm.Ref{{Key: rowManifest(export)}}
	for _, o := range e.Packet.Objects() {
		refs = append(refs, e.archive.ref(o))
	}
	return refs, nil
}

func (a *Archive) newManifestReader() *manifestReader { return &manifestReader{opener: a.newOpener()} }

// eachObject does something to objects of an export, one after the other, and goes on
// after one that fails, so that as much as can be done is.
func (a *Archive) eachObject(ctx context.Context, t target, refs []worm.Ref, do func(context.Context, target, worm.Ref) error) *ChangeFailure {
	f := ChangeFailure{ExportRowID: t.ExportRowID, PromotionPacketID: t.PromotionPacketID}
	for _, ref := range refs {
		if err := a.persist(ctx, ref.Key, func() error { return do(ctx, t, ref) }); err != nil {
			f.NotDone, f.Err = append(f.NotDone, ref.Key), errors.Join(f.Err, err)
			continue
		}
		f.Done = append(f.Done, ref.Key)
	}
	if f.Err == nil {
		return nil
	}
	return &f
}

// persist tries again what other writers were in the way of, or whose outcome is not
// known: changes of locks can be made as often as it takes.
func (a *Archive) persist(ctx context.Context, key string, do func() error) error {
	wait := gax.Backoff{Initial: 20 * time.Millisecond, Max: 2 * time.Second, Multiplier: 3}
	for try := 1; ; try++ {
		err := do()
		if !errors.Is(err, worm.ErrConflict) && !errors.Is(err, worm.ErrOutcomeUnknown) || try == changeTries || gax.Sleep(ctx, wait.Pause()) != nil {
			return err
		}
		a.watch.Again(ctx, "change lock", key, err)
	}
}

// settle notes exports whose rows are in the log, apart from those that failed after.
func (c *change) settle(changed []target, failures []ChangeFailure) {
	failed := map[int64]bool{}
	for _, f := range failures {
		failed[f.ExportRowID] = true
	}
	c.note(func(r *ChangeReport) {
		r.Failed = append(r.Failed, failures...)
		for _, t := range changed {
			switch {
			case failed[t.ExportRowID]:
			case t.existing:
				r.Already = append(r.Already, t.ExportRowID)
			default:
				r.Changed = append(r.Changed, t.ExportRowID)
			}
			c.changed = append(c.changed, t.row)
		}
	})
}

func (c *change) fail(f ChangeFailure) {
	c.note(func(r *ChangeReport) { r.Failed = append(r.Failed, f) })
}

// note adds to the report, and tells the caller of it now and then.
func (c *change) note(add func(*ChangeReport)) {
	c.mu.Lock()
	add(&c.report)
	c.mu.Unlock()
	c.tell(false)
}

func (c *change) tell(last bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.progress == nil || !last && time.Since(c.told) < progressPeriod {
		return
	}
	c.told = time.Now()
	c.progress(c.report)
}
