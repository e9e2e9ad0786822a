package archive

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention"
)

// Selection says which exports are meant: those that match all that is set. What is
// named by a packet, a batch, an incident or a rollback is found by the log's index;
// anything else reads the whole log.
type Selection struct {
	PromotionPacketID string
	ExportBatchID     string
	IncidentTicketID  string          // exports that this incident is bound to
	RollbackEventID   string          // … or this rollback
	RetentionClass    retention.Class // as it stands today
	From, To          time.Time       // promotion_decision_at_utc: From and later, before To
	Everything        bool            // required where nothing else is set
}

// ErrBadSelection: a selection that says nothing, or contradicts itself.
var ErrBadSelection = errors.New("bad selection")

func (s Selection) validate() error {
	switch {
	case s == Selection{}:
		return fmt.Errorf("%w: it selects nothing; set Everything if every export is meant", ErrBadSelection)
	case s.Everything && s != Selection{Everything: true}:
		return fmt.Errorf("%w: it says everything, and something narrower", ErrBadSelection)
	case !s.From.IsZero() && !s.To.IsZero() && !s.From.Before(s.To):
		return fmt.Errorf("%w: it ends at %s, before it begins", ErrBadSelection, s.To.Format(time.RFC3339))
	}
	if s.RetentionClass != "" {
		if _, err := retention.ParseClass(string(s.RetentionClass)); err != nil {
			return fmt.Errorf("%w: %w", ErrBadSelection, err)
		}
	}
	return nil
}

// query is what the log's index can find; empty if the whole log must be read.
func (s Selection) query() exportlog.Query {
	return exportlog.Query{PromotionPacketID: s.PromotionPacketID, ExportBatchID: s.ExportBatchID, IncidentTicketID: s.IncidentTicketID, RollbackEventID: s.RollbackEventID}
}

// matches looks at what the index does not.
func (s Selection) matches(c exportlog.Current) bool {
	at := c.PromotionDecisionAtUTC
	return (s.PromotionPacketID == "" || s.PromotionPacketID == c.PromotionPacketID) &&
		(s.ExportBatchID == "" || s.ExportBatchID == c.ExportBatchID) &&
		(s.IncidentTicketID == "" || slices.ContainsFunc(c.Links, func(l exportlog.Row) bool { return l.IncidentTicketID == s.IncidentTicketID })) &&
		(s.RollbackEventID == "" || slices.ContainsFunc(c.Links, func(l exportlog.Row) bool { return l.RollbackEventID == s.RollbackEventID })) &&
		(s.RetentionClass == "" || s.RetentionClass == c.RetentionClass) &&
		(s.From.IsZero() || !at.Before(s.From)) && (s.To.IsZero() || at.Before(s.To))
}

// Select yields the exports that a selection means, each as it stands today, oldest
// first. Damage in the log is yielded as by [exportlog.Log.Rows], and the exports
// that can be read go on after it.
func (a *Archive) Select(ctx context.Context, s Selection) iter.Seq2[exportlog.Current, error] {
	return func(yield func(exportlog.Current, error) bool) {
		if err := s.validate(); err != nil {
			yield(exportlog.Current{}, fmt.Errorf("archive: select: %w", err))
			return
		}
		for c, err := range a.candidates(ctx, s.query()) {
			if err != nil {
				err = fmt.Errorf("archive: select: %w", err)
			}
			if (err != nil || s.matches(c)) && !yield(c, err) {
				return
			}
		}
	}
}

// candidates are the exports that the log's index leads to, or all of them.
func (a *Archive) candidates(ctx context.Context, q exportlog.Query) iter.Seq2[exportlog.Current, error] {
	if q == (exportlog.Query{}) {
		return a.log.Current(ctx)
	}
	return func(yield func(exportlog.Current, error) bool) {
		rows, err := a.log.Find(ctx, q)
		if err != nil && !yield(exportlog.Current{}, err) {
			return
		}
		seen := map[int64]bool{}
		for _, r := range rows {
			export, err := a.exportOf(ctx, r)
			if err == nil && (export.ExportRowID == 0 || seen[export.ExportRowID]) {
				continue
			}
			seen[export.ExportRowID] = true
			var c exportlog.Current
			if err == nil {
				c, err = a.log.CurrentOfRow(ctx, export)
			}
			if !yield(c, err) {
				return
			}
		}
	}
}

// exportOf follows a row to the export it is about, however many corrections lie in
// between; a zero row if it is about none.
func (a *Archive) exportOf(ctx context.Context, r exportlog.Row) (exportlog.Row, error) {
	for r.Kind != exportlog.KindExport {
		about := max(r.SubjectExportRowID, r.CorrectionOfExportRowID)
		if about == 0 || about >= r.ExportRowID {
			return exportlog.Row{}, nil
		}
		rows, err := a.log.Find(ctx, exportlog.Query{ExportRowID: about})
		if err != nil || len(rows) == 0 {
			return exportlog.Row{}, err
		}
		r = rows[0]
	}
	return r, nil
}
