package archive

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention"
)

// Radar says what lapses before the evidence's own period ends, by when, and what mends
// it: promises and locks that are shorter than the policy asks for by now, keys and
// certificates that end, and holds that nobody looked at in a while. It reads the log
// three times and changes nothing; [Watch] says what more it costs.
func (a *Archive) Radar(ctx context.Context, w Watch) (report RadarReport, err error) {
	ctx, op := a.watch.begin(ctx, "foresee lapses")
	defer func() { a.watch.foreseen(ctx, op, report, err) }()
	w.Horizon, w.ReviewHoldsEvery, w.Most = cmp.Or(w.Horizon, defaultHorizon), cmp.Or(w.ReviewHoldsEvery, defaultReview), cmp.Or(w.Most, defaultMost)
	r := radar{archive: a, watch: w, now: a.clock().UTC(), reviewed: map[int64]time.Time{}, holds: map[string]*heldMatter{}, resting: map[[sha256.Size]byte]*resting{}}
	r.report.AtUTC, r.report.SoonUTC = r.now, r.now.Add(w.Horizon)
	for _, look := range []func(context.Context) error{r.reviews, r.exports, r.commits} {
		if err := look(ctx); err != nil {
			return RadarReport{}, fmt.Errorf("archive: radar: %w", err)
		}
	}
	r.unreviewed()
	r.certificates()
	r.carried()
	if err := r.keys(); err != nil {
		return RadarReport{}, fmt.Errorf("archive: radar: %w", err)
	}
	r.cut(w.Most)
	return r.report, nil
}

// radar is one look around.
type radar struct {
	archive  *Archive
	watch    Watch
	now      time.Time
	reviewed map[int64]time.Time // rows of holds, and when they were corrected last
	longest  strongest           // of what is promised

	mu      sync.Mutex
	report  RadarReport
	holds   map[string]*heldMatter
	resting map[[sha256.Size]byte]*resting // by their own digest
}

func (r *radar) lapse(l Lapse) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case !l.ByUTC.After(r.report.AtUTC):
		r.report.Lapsed++
	case !l.ByUTC.After(r.report.SoonUTC):
		r.report.Soon++
	default:
		r.report.Later++
	}
	r.report.Lapses = append(r.report.Lapses, l)
	if len(r.report.Lapses) >= 2*r.watch.Most {
		r.cut(r.watch.Most)
	}
}

// cut keeps the soonest lapses.
func (r *radar) cut(most int) {
	slices.SortStableFunc(r.report.Lapses, func(a, b Lapse) int {
		return cmp.Or(a.ByUTC.Compare(b.ByUTC), cmp.Compare(a.ExportRowID, b.ExportRowID), cmp.Compare(a.Object, b.Object))
	})
	if len(r.report.Lapses) > most {
		r.report.Lapses = slices.Clone(r.report.Lapses[:most])
	}
}

// exports looks at each export as it stands.
func (r *radar) exports(ctx context.Context) error {
	manifests := r.archive.newManifestReader()
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(radarJobs)
	for together, err := range jobs(r.archive.log.Current(gctx)) {
		if err != nil {
			return errors.Join(err, g.Wait())
		}
		for _, c := range together {
			r.report.Exports++
			r.longest.note(c.Promise.Lock)
			r.hold(c)
			g.Go(func() error { return r.export(gctx, target{Current: c, manifests: manifests}) })
		}
		if r.watch.Bundles {
			g.Go(func() error { return r.bundle(gctx, together) })
		}
	}
	return errors.Join(g.Wait(), ctx.Err())
}

func (r *radar) export(ctx context.Context, t target) error {
	class := t.RetentionClass
	if r.watch.Reclassify {
		class = ""
	}
	class, want, err := r.archive.due(ctx, t, class)
	if err != nil {
		return fmt.Errorf("row %d: %w", t.ExportRowID, err)
	}
	promised := t.Promise.Lock
	if !promised.Covers(withHold(want, promised.LegalHold)) {
		r.lapse(Lapse{Kind: PromiseShort, ByUTC: r.end(promised), NeededUTC: want.Until, ExportRowID: t.ExportRowID, PromotionPacketID: t.PromotionPacketID, RetentionClass: class, Object: t.PromotionPacketID,
			Problem: fmt.Sprintf("it is promised %s, and the policy gives %s %s by now", promised, class, want),
			Mend:    fmt.Sprintf("Extend(ctx, Selection{PromotionPacketID: %q}, Extension{RetentionClass: %q, Reason: …})", t.PromotionPacketID, class)})
	}
	if !r.watch.Objects {
		return nil
	}
	weak, err := r.archive.weak(ctx, t)
	if err != nil {
		return fmt.Errorf("row %d: %w", t.ExportRowID, err)
	}
	for _, o := range weak {
		r.lapse(Lapse{Kind: LockShort, ByUTC: r.end(o.Lock), NeededUTC: promised.Until, ExportRowID: t.ExportRowID, PromotionPacketID: t.PromotionPacketID, RetentionClass: class, Object: o.Ref.Key,
			Problem: fmt.Sprintf("it is under %s, and %s is promised", o.Lock, promised),
			Mend:    fmt.Sprintf("Extend(ctx, Selection{PromotionPacketID: %q}, Extension{RetentionClass: %q, Objects: true, Reason: …})", t.PromotionPacketID, class)})
	}
	return nil
}

// commits looks at the locks of the log, which explains all evidence.
func (r *radar) commits(ctx context.Context) error {
	want := withHold(r.longest.lock, false)
	if !r.watch.Objects || want.Until.IsZero() {
		return nil
	}
	for e, err := range r.archive.store.List(ctx, commitsFolder) {
		if err != nil {
			return err
		}
		o, err := r.archive.store.State(ctx, e.Ref)
		if err != nil {
			return err
		}
		if !withHold(o.Lock, false).Covers(want) {
			r.lapse(Lapse{Kind: LogLockShort, ByUTC: r.end(o.Lock), NeededUTC: want.Until, Object: e.Ref.Key,
				Problem: fmt.Sprintf("it is under %s, and evidence that it explains is kept under %s", o.Lock, want),
				Mend:    fmt.Sprintf("Log().Strengthen(ctx, retention.Lock{Mode: %q, Until: %s})", want.Mode, want.Until.Format(time.RFC3339))})
		}
	}
	return nil
}

// end is when a lock ends; now where there is none.
func (r *radar) end(l retention.Lock) time.Time {
	if l.Until.IsZero() {
		return r.now
	}
	return l.Until
}

func withHold(l retention.Lock, hold bool) retention.Lock {
	l.LegalHold = hold
	return l
}

// reviews notes when holds were looked at.
func (r *radar) reviews(ctx context.Context) error {
	for row, err := range r.archive.log.Rows(ctx, 1) {
		if err != nil {
			return err
		}
		if row.Kind == exportlog.KindCorrection {
			r.reviewed[row.CorrectionOfExportRowID] = row.RecordedAtUTC
		}
	}
	return nil
}
