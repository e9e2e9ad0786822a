package archive

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/policy"
)

// heldMatter is a matter that holds exports.
type heldMatter struct {
	exports int
	oldest  time.Time // when the hold was looked at that nobody looked at for longest
	row     int64     // the row of that hold
	packet  string
}

// hold notes the holds of an export, by matter.
func (r *radar) hold(c exportlog.Current) {
	for _, h := range c.Holds {
		looked := h.RecordedAtUTC
		if at, ok := r.reviewed[h.ExportRowID]; ok {
			looked = at
		}
		matter := cmp.Or(h.MatterID, ClassMatter)
		m := r.holds[matter]
		if m == nil {
			m = &heldMatter{oldest: looked, row: h.ExportRowID, packet: c.PromotionPacketID}
			r.holds[matter] = m
		}
		m.exports++
		if looked.Before(m.oldest) {
			m.oldest, m.row, m.packet = looked, h.ExportRowID, c.PromotionPacketID
		}
	}
}

// unreviewed names the matters whose holds are due to be looked at.
func (r *radar) unreviewed() {
	for matter, m := range r.holds {
		due := m.oldest.Add(r.watch.ReviewHoldsEvery)
		if due.After(r.report.SoonUTC) {
			continue
		}
		r.lapse(Lapse{Kind: HoldNotLooked, ByUTC: due, ExportRowID: m.row, Object: matter,
			Problem: fmt.Sprintf("%d exports are held for it; that of packet %.80q was last looked at on %s", m.exports, m.packet, m.oldest.Format(time.DateOnly)),
			Mend:    fmt.Sprintf("ReviewHolds(ctx, Selection{Everything: true}, Matter{ID: %q, Reason: …, By: …}), or Release", matter)})
	}
}

// ReviewHolds records that somebody has looked at the holds of a matter and lets them
// stand: a correction of each hold's row that names who did, and why it stands, in reason.
// No object is touched. It returns how many holds it recorded that of; calling again on the
// same day, by the clock of Config, adds nothing. Whoever may hold may review.
func (a *Archive) ReviewHolds(ctx context.Context, s Selection, m Matter) (n int, err error) {
	ctx, op := a.watch.begin(ctx, "review holds")
	defer func() { a.watch.end(ctx, op, err) }()
	if n, err = a.reviewHolds(ctx, s, m); err != nil {
		return n, fmt.Errorf("archive: review holds for matter %.80q: %w", m.ID, err)
	}
	return n, nil
}

func (a *Archive) reviewHolds(ctx context.Context, s Selection, m Matter) (n int, err error) {
	m.By = cmp.Or(m.By, a.operator)
	if err := m.check(a.policy, policy.Hold); err != nil {
		return 0, err
	}
	var rows []exportlog.Row
	for c, err := range a.Select(ctx, s) {
		if err != nil {
			return n, err
		}
		for _, h := range c.Holds {
			if h.MatterID == m.matterID() {
				rows = append(rows, m.review(h, a.clock()))
			}
		}
		if len(rows) >= maxJob {
			if n, err = a.appendReviews(ctx, n, rows); err != nil {
				return n, err
			}
			rows = nil
		}
	}
	return a.appendReviews(ctx, n, rows)
}

func (a *Archive) appendReviews(ctx context.Context, n int, rows []exportlog.Row) (int, error) {
	if len(rows) == 0 {
		return n, nil
	}
	appended, err := a.log.Append(ctx, rows...)
	for _, r := range appended {
		if !r.Existing {
			n++
		}
	}
	return n, err
}

// review is the row that says who has looked at a hold.
func (m Matter) review(hold exportlog.Row, at time.Time) exportlog.Row {
	return exportlog.Row{
		Kind:                    exportlog.KindCorrection,
		CorrectionOfExportRowID: hold.ExportRowID,
		PromotionPacketID:       hold.PromotionPacketID,
		Reason:                  m.Reason,
		ExportOperatorAck:       m.By,
		IdempotencyKey:          "review:" + hexSum(fmt.Sprintf("%d %q %s", hold.ExportRowID, m.By, at.UTC().Format(time.DateOnly))),
	}
}
