package archive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/policy"
)

// ErrSamePerson: the policy wants a hold released by somebody else than placed it.
var ErrSamePerson = errors.New("placed by the same person")

// ClassMatter is the matter_id of the hold that a retention class brings with an
// export, where the policy says legal_hold: true. It is released as any other.
const ClassMatter = "retention-class"

// Matter is the legal matter for which evidence is held, and who says so.
type Matter struct {
	ID     string // matter_id, such as a case number
	Reason string // why it is held, or why it is released
	By     string // who answers for it, as role/name; the policy says which roles may. Empty is Config.Operator

	// Progress is told about once a second, and at the end, how far it has come; nil
	// tells nobody. The report is not to be kept.
	Progress func(ChangeReport)
}

// check refuses a matter that says too little, or somebody who may not do this.
func (m Matter) check(p *policy.Policy, action policy.Action) error {
	if err := errors.Join(checkText("matter_id", m.ID), checkText("reason", m.Reason), checkText("by", m.By)); err != nil {
		return err
	}
	return p.Allows(action, m.By)
}

// matterID is how rows spell a matter: that of a class has none.
func (m Matter) matterID() string {
	if m.ID == ClassMatter {
		return ""
	}
	return m.ID
}

// Hold puts every object of the exports selected under legal hold for a matter: the
// manifest, the packet and the exhibits. When all objects of an export are held, a row
// says so, with who, why and when. What one matter holds, no other releases. While an
// export is held, no correction can move its archive_uri or
// content_integrity_reference.
//
// Hold is idempotent: an export that is held for the matter already is skipped. So
// after an error, a crash, or a [PartialError], which says exactly what is held and
// what is not, the same call goes on where the last one stopped.
func (a *Archive) Hold(ctx context.Context, s Selection, m Matter) (report ChangeReport, err error) {
	ctx, op := a.watch.begin(ctx, "hold exports")
	defer func() { a.watch.changed(ctx, op, report, err) }()
	if report, err = a.hold(ctx, s, m); err != nil {
		return report, fmt.Errorf("archive: hold for matter %.80q: %w", m.ID, err)
	}
	return report, nil
}

func (a *Archive) hold(ctx context.Context, s Selection, m Matter) (ChangeReport, error) {
	m.By = cmp.Or(m.By, a.operator)
	if err := m.check(a.policy, policy.Hold); err != nil {
		return ChangeReport{}, err
	}
	if m.ID == ClassMatter {
		return ChangeReport{}, fmt.Errorf("%w: matter_id %q is that of holds which classes bring; give another", ErrMalformed, m.ID)
	}
	c := &change{archive: a, progress: m.Progress}
	c.plan = func(_ context.Context, t target) (exportlog.Row, bool, error) {
		return m.row(exportlog.KindHold, t.Current, lastOf(exportlog.KindRelease, t.Current, m.ID)), !t.HeldFor(m.ID), nil
	}
	c.object = a.setHold
	return a.changeHolds(ctx, c, s)
}

// Release releases the exports selected from the hold of a matter, and no other: first
// a row says so, then the hold is taken off each object that no other matter holds. An
// export that the matter does not hold is skipped. With [ClassMatter] it is the hold
// that came with the class.
//
// If the policy says so, somebody else must release a hold than placed it, or it is
// [ErrSamePerson]. Retention is not touched. After an error, the same call goes on: an
// object whose hold could not be taken off stays held, which [PartialError] says.
func (a *Archive) Release(ctx context.Context, s Selection, m Matter) (report ChangeReport, err error) {
	ctx, op := a.watch.begin(ctx, "release exports")
	defer func() { a.watch.changed(ctx, op, report, err) }()
	if report, err = a.release(ctx, s, m); err != nil {
		return report, fmt.Errorf("archive: release from matter %.80q: %w", m.ID, err)
	}
	return report, nil
}

func (a *Archive) release(ctx context.Context, s Selection, m Matter) (ChangeReport, error) {
	m.By = cmp.Or(m.By, a.operator)
	if err := m.check(a.policy, policy.Release); err != nil {
		return ChangeReport{}, err
	}
	c := &change{archive: a, progress: m.Progress}
	c.plan = func(_ context.Context, t target) (exportlog.Row, bool, error) {
		placed := m.placedBy(t.Current)
		return m.row(exportlog.KindRelease, t.Current, placed), placed != 0, a.mayRelease(t.Current, m)
	}
	c.after = a.letGo
	return a.changeHolds(ctx, c, s)
}

// placedBy returns the row that placed the matter's latest hold on an export, which
// may have been released since; 0 if there never was one.
func (m Matter) placedBy(e exportlog.Current) int64 {
	if by := lastOf(exportlog.KindHold, e, m.matterID()); by != 0 || m.ID != ClassMatter || !e.Exported.LegalHold {
		return by
	}
	return e.ExportRowID
}

// lastOf returns the latest hold or release of an export for a matter; 0 for none.
func lastOf(kind exportlog.Kind, e exportlog.Current, matterID string) int64 {
	for _, r := range slices.Backward(e.Changes) {
		if r.Kind == kind && r.MatterID == matterID {
			return r.ExportRowID
		}
	}
	return 0
}

// mayRelease refuses a release by the person who placed the hold, if the policy does.
func (a *Archive) mayRelease(e exportlog.Current, m Matter) error {
	for _, h := range e.Holds {
		if h.MatterID == m.matterID() && a.policy.ReleaseByAnother() && samePerson(h.ExportOperatorAck, m.By) {
			return fmt.Errorf("%w: %.80q placed the hold, by row %d, and the policy wants another person to release it", ErrSamePerson, h.ExportOperatorAck, h.ExportRowID)
		}
	}
	return nil
}

// samePerson compares names, whatever roles they are given under.
func samePerson(a, b string) bool {
	name := func(who string) string {
		if i := strings.IndexAny(who, "/:"); i >= 0 && strings.TrimSpace(who[i+1:]) != "" {
			who = who[i+1:]
		}
		return strings.TrimSpace(who)
	}
	return strings.EqualFold(name(a), name(b))
}

// row is what the log will say. A hold that was released can be placed once more, so
// what makes the row the same row again is also the row that it follows.
func (m Matter) row(kind exportlog.Kind, e exportlog.Current, follows int64) exportlog.Row {
	return exportlog.Row{
		Kind:               kind,
		SubjectExportRowID: e.ExportRowID,
		PromotionPacketID:  e.PromotionPacketID,
		ExportBatchID:      e.ExportBatchID,
		MatterID:           m.matterID(),
		Reason:             m.Reason,
		ExportOperatorAck:  m.By,
		IdempotencyKey:     fmt.Sprintf("%s:%s", kind, hexSum(fmt.Sprintf("%d %d %q", e.ExportRowID, follows, m.ID))),
	}
}
