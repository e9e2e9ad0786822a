package linkage

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"golang.org/x/sync/errgroup"

	"github.com/holdfast-archive/holdfast/exportlog"
)

// Unlinked is a rollback or an incident that the log does not account for.
type Unlinked struct {
	Event   Event
	Links   []exportlog.Row // that bind it, to another packet than the event says; none when it floats free
	Problem string
}

// Floats reports whether nothing binds the event to an export.
func (u Unlinked) Floats() bool { return len(u.Links) == 0 }

// reconciledAtOnce is how many events are held in memory and looked up at once.
const reconciledAtOnce = 32

// Reconcile compares what happened with the log, and yields the rollbacks and
// incidents that float free, which no link row binds, and those that are bound to
// another packet than the event says; in the order of the events. Deploys, and what is
// no event of ours, are passed over. Notifications get lost: run it over all events of a
// window and not over those that came through.
//
// It holds a few events in memory at a time and asks the log once or twice for each. An
// event that cannot be read is yielded as an error, after which Reconcile goes on if the
// caller does; so it does on a damaged log, where a link that cannot be read is none. An
// error of the log is the last thing that is yielded.
func (l *Linker) Reconcile(ctx context.Context, events iter.Seq2[Event, error]) iter.Seq2[Unlinked, error] {
	return func(yield func(Unlinked, error) bool) {
		var err error // of the log
		unlinked := 0
		ctx, op := l.watch.Start(ctx, "reconcile events")
		defer func() { op.Set(attribute.Int("holdfast.finding.count", unlinked)); op.End(&err) }()
		var batch []Event
		flush := func() bool {
			var found []Unlinked
			found, err = l.reconcile(ctx, batch)
			batch = batch[:0]
			for _, u := range found {
				unlinked++
				if !yield(u, nil) {
					return false
				}
			}
			return err == nil || yield(Unlinked{}, fmt.Errorf("linkage: reconcile: %w", err)) && false
		}
		for e, err := range events {
			switch {
			case err != nil:
				if !flush() || !yield(Unlinked{}, err) {
					return
				}
			case e.Type == EventIncident || e.Type == EventRollback:
				if batch = append(batch, e); len(batch) == reconciledAtOnce && !flush() {
					return
				}
			}
		}
		flush()
	}
}

func (l *Linker) reconcile(ctx context.Context, events []Event) ([]Unlinked, error) {
	problems := make([]*Unlinked, len(events))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(maxAtOnce)
	for i, e := range events {
		g.Go(func() (err error) {
			problems[i], err = l.unlinked(gctx, e)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var found []Unlinked
	for _, p := range problems {
		if p != nil {
			found = append(found, *p)
		}
	}
	return found, nil
}

// unlinked says what is wrong with an event; nil for nothing.
func (l *Linker) unlinked(ctx context.Context, e Event) (*Unlinked, error) {
	q := e.query()
	if q == (exportlog.Query{}) {
		return &Unlinked{Event: e, Problem: fmt.Sprintf("the %s of %s has no id to be bound by", e.Type, e.AtUTC.Format(time.RFC3339))}, nil
	}
	rows, _, err := l.find(ctx, q)
	if err != nil {
		return nil, err
	}
	links, err := l.standing(ctx, q, rows)
	if err != nil {
		return nil, err
	}
	switch {
	case len(links) == 0:
		return &Unlinked{Event: e, Problem: e.name() + " is bound to no export"}, nil
	case e.PromotionPacketID != "" && !slices.ContainsFunc(links, func(r exportlog.Row) bool { return r.PromotionPacketID == e.PromotionPacketID }):
		return &Unlinked{Event: e, Links: links, Problem: fmt.Sprintf("%s is of %.120q, and bound to row %d of %.120q",
			e.name(), e.PromotionPacketID, links[0].SubjectExportRowID, links[0].PromotionPacketID)}, nil
	}
	return nil, nil
}

// query asks for the rows that an event is bound by.
func (e Event) query() exportlog.Query {
	if e.Type == EventRollback && e.RollbackEventID != "" {
		return exportlog.Query{RollbackEventID: e.RollbackEventID}
	}
	return exportlog.Query{IncidentTicketID: e.IncidentTicketID}
}

// standing returns the links among rows that still have the id asked for after their
// corrections, and the corrections that brought it.
func (l *Linker) standing(ctx context.Context, q exportlog.Query, rows []exportlog.Row) ([]exportlog.Row, error) {
	standing := ofKind(rows, exportlog.KindCorrection)
	for _, link := range ofKind(rows, exportlog.KindLink) {
		corrections, _, err := l.find(ctx, exportlog.Query{CorrectionOfExportRowID: link.ExportRowID})
		if err != nil {
			return nil, err
		}
		incident, rollback := link.IncidentTicketID, link.RollbackEventID
		for _, c := range corrections {
			incident = correctedID(incident, c.IncidentTicketID, "incident_ticket_id", c)
			rollback = correctedID(rollback, c.RollbackEventID, "rollback_event_id", c)
		}
		if (q.IncidentTicketID == "" || incident == q.IncidentTicketID) && (q.RollbackEventID == "" || rollback == q.RollbackEventID) {
			standing = append(standing, link)
		}
	}
	return standing, nil
}

func correctedID(was, now, field string, c exportlog.Row) string {
	switch {
	case slices.Contains(c.ClearedFields, field):
		return ""
	case now != "":
		return now
	}
	return was
}

// Divergence returns what binds the event: the ids and facts it states. The export is
// named by its promotion_packet_id or export_row_id, or else by its deploy_id and
// artifact as a clue. One that states no deltas is summed up in a sentence.
func (e Event) Divergence(ack Ack) Divergence {
	d := Divergence{
		ExportRowID: e.exportRowID(), PromotionPacketID: e.PromotionPacketID,
		RollbackEventID: e.RollbackEventID, IncidentTicketID: e.IncidentTicketID,
		Deltas: e.Deltas(), DivergenceSummary: e.Summary, LinkOwnerAck: ack,
	}
	if d.ExportRowID == 0 && d.PromotionPacketID == "" {
		d.Clue = Clue{DeployID: e.DeployID, Artifact: e.Artifact}
	}
	if len(d.Deltas) == 0 && d.DivergenceSummary == "" {
		d.DivergenceSummary = e.name() + " at " + e.AtUTC.Format(time.RFC3339)
		if e.Type != EventDeploy && e.DeployID != "" {
			d.DivergenceSummary += ", of deploy " + e.DeployID
		}
	}
	return d
}
