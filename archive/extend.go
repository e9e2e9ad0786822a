package archive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/policy"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// Extension says why evidence is kept longer, or more firmly, than it was promised.
type Extension struct {
	// RetentionClass is what the exports are kept as from now on, under the policy in
	// force. Empty classifies each export anew, by its packet, under that policy.
	RetentionClass retention.Class

	// Objects looks at the lock of every object as well, a request for each, and mends
	// those that are under less than their export is promised, and commits of the log that
	// are under less than the exports selected: a driver or a bucket that lost a lock, or an
	// object that was restored. Without it the log is believed.
	Objects bool

	Reason string // why
	By     string // who answers for it, as role/name of a role that may export; empty is Config.Operator

	// Progress is told about once a second, and at the end, how far it has come; nil
	// tells nobody. The report is not to be kept.
	Progress func(ChangeReport)
}

// Extend lengthens what is stored: every object of the exports selected, to what the
// policy in force would give them, counted from the day of their export. It is how a
// policy that became longer or stricter is applied to the past. When all objects of an
// export are locked so, a row of kind extend says until when, how firmly, and why; and
// the log's own commits are locked as long as the evidence that they explain.
//
// Nothing is ever shortened: an export that is kept as long and as firmly already is
// skipped. One whose objects are mended, see Extension.Objects, has a row with the lock
// that it was promised before, or, where it has such a row from an earlier time, none. So
// after an error, a crash or a [PartialError] the same call goes on where the last one
// stopped.
func (a *Archive) Extend(ctx context.Context, s Selection, x Extension) (report ChangeReport, err error) {
	ctx, op := a.watch.begin(ctx, "extend exports")
	defer func() { a.watch.changed(ctx, op, report, err) }()
	if report, err = a.extend(ctx, s, x); err != nil {
		return report, fmt.Errorf("archive: extend: %w", err)
	}
	return report, nil
}

func (a *Archive) extend(ctx context.Context, s Selection, x Extension) (ChangeReport, error) {
	x.By = cmp.Or(x.By, a.operator)
	if err := errors.Join(checkText("reason", x.Reason), checkText("by", x.By)); err != nil {
		return ChangeReport{}, err
	}
	if err := a.policy.Allows(policy.Export, x.By); err != nil {
		return ChangeReport{}, err
	}
	if x.RetentionClass != "" {
		if _, err := retention.ParseClass(string(x.RetentionClass)); err != nil {
			return ChangeReport{}, err
		}
	}
	var longest strongest
	c := &change{archive: a, progress: x.Progress}
	c.plan = func(ctx context.Context, t target) (exportlog.Row, bool, error) {
		class, lock, err := a.due(ctx, t, x.RetentionClass)
		if err != nil {
			return exportlog.Row{}, false, err
		}
		due := !t.Promise.Lock.Covers(lock) || stronger(class, t.RetentionClass)
		if x.Objects && !due {
			weak, err := a.weak(ctx, t)
			if err != nil {
				return exportlog.Row{}, false, err
			}
			due = len(weak) > 0
		}
		if due || x.Objects || extended(t.Current) {
			longest.note(lock)
		}
		return x.row(t.Current, class, lock), due, nil
	}
	c.object = func(ctx context.Context, t target, ref worm.Ref) error {
		return a.store.Strengthen(ctx, ref, retention.Lock{Mode: t.row.RetentionMode, Until: t.row.RetainUntilUTC})
	}
	report, err := c.run(ctx, a.Select(ctx, s))
	if longest.lock != (retention.Lock{}) {
		var logged error
		report.Commits, logged = a.log.Strengthen(ctx, longest.lock)
		err = errors.Join(err, logged)
	}
	return report, err
}

// weak returns the objects of an export that are locked for shorter, or less firmly, than
// it is promised. Holds have calls of their own.
func (a *Archive) weak(ctx context.Context, t target) ([]worm.Object, error) {
	refs, err := t.manifests.refs(ctx, t.Exported)
	if err != nil {
		return nil, err
	}
	var weak []worm.Object
	for _, ref := range refs {
		o, err := a.store.State(ctx, ref)
		if err != nil {
			return nil, err
		}
		if !withHold(o.Lock, t.Promise.Lock.LegalHold).Covers(t.Promise.Lock) {
			weak = append(weak, o)
		}
	}
	return weak, nil
}

// due returns the class an export should be kept as, and the lock that comes to: of a
// class given, or of what the policy makes of its packet; nothing less than it has.
func (a *Archive) due(ctx context.Context, t target, class retention.Class) (retention.Class, retention.Lock, error) {
	if class == "" {
		e, err := a.reclassify(ctx, t, a.policy)
		if err != nil {
			return "", retention.Lock{}, err
		}
		class = e.RetentionClass
	}
	if stronger(t.RetentionClass, class) {
		class = t.RetentionClass
	}
	lock, _ := a.policy.Matrix().Lock(class, t.ExportedAtUTC)
	lock = retention.Stronger(t.Promise.Lock, a.lockable(lock))
	lock.LegalHold = false // holds have rows of their own
	return class, lock, nil
}

// reclassify says what a policy makes of an export's packet, counted from its export.
func (a *Archive) reclassify(ctx context.Context, t target, p *policy.Policy) (policy.Explanation, error) {
	e, err := t.manifests.evidence(ctx, t.Exported)
	if err != nil {
		return policy.Explanation{}, err
	}
	packet, err := e.parse(ctx)
	if err != nil {
		return policy.Explanation{}, err
	}
	return p.Explain(packet.Facts(), t.Exported.ExportedAtUTC)
}

// strongest collects locks, from several at once.
type strongest struct {
	mu   sync.Mutex
	lock retention.Lock
}

func (s *strongest) note(l retention.Lock) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lock = retention.Stronger(s.lock, l)
}

func stronger(c, than retention.Class) bool {
	return slices.Index(retention.Classes(), c) > slices.Index(retention.Classes(), than)
}

func extended(e exportlog.Current) bool {
	return slices.ContainsFunc(e.Changes, func(r exportlog.Row) bool { return r.Kind == exportlog.KindExtend })
}

// row is what the log will say.
func (x Extension) row(e exportlog.Current, class retention.Class, lock retention.Lock) exportlog.Row {
	return exportlog.Row{
		Kind:               exportlog.KindExtend,
		SubjectExportRowID: e.ExportRowID,
		PromotionPacketID:  e.PromotionPacketID,
		ExportBatchID:      e.ExportBatchID,
		RetentionClass:     class,
		RetainUntilUTC:     lock.Until,
		RetentionMode:      lock.Mode,
		Reason:             x.Reason,
		ExportOperatorAck:  x.By,
		IdempotencyKey:     "extend:" + hexSum(fmt.Sprintf("%d %s %s %s", e.ExportRowID, class, lock.Mode, lock.Until.UTC().Format(time.RFC3339))),
	}
}
