package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/spf13/cobra"

	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
	"github.com/holdfast-archive/holdfast/linkage"
)

func (t *tool) reconcileCommand() *cobra.Command {
	var f eventFlags
	c := &cobra.Command{
		Use:   "reconcile --events FILE",
		Short: "Compare what happened with the log: incidents and rollbacks that nothing binds",
		Long: `Reconcile reads what production saw and lists the incidents and rollbacks that no link row
binds to an export, and those that are bound to another packet than the event says. If there
are any, the exit status is 1.

When to use: nightly, over all events of a window; notifications get lost.
Gotchas:     a line that cannot be read counts as one that nothing binds, and is named.
Related:     link, coverage`,
		Example: `  exportctl reconcile --events events.jsonl
  exportctl reconcile --events cdevents.jsonl --cdevents --json | jq '.unlinked[].incident_ticket_id'`,
		Args: none,
		RunE: func(c *cobra.Command, _ []string) error { return t.reconcile(c.Context(), f) },
	}
	f.add(c.Flags())
	return c
}

func (t *tool) reconcile(ctx context.Context, f eventFlags) error {
	events, err := f.all()
	if err != nil {
		return err
	}
	if events == nil {
		return wrongUse("reconcile with what? Give --events FILE")
	}
	a, err := t.open(ctx, readLog)
	if err != nil {
		return err
	}
	defer a.Close()
	done := reconciled{Unlinked: []unlinked{}, file: f.file}
	bar := t.screen.Progress("reconciling", 0, screen.Things)
	for u, err := range linkage.New(a).Reconcile(ctx, counted(events, &done.Events, bar)) {
		switch {
		case errors.Is(err, linkage.ErrBadEvent):
			done.Unread = append(done.Unread, err.Error())
		case err != nil:
			bar.Close()
			return err
		default:
			done.Unlinked = append(done.Unlinked, unlinkedOf(u))
		}
	}
	bar.Close()
	if err := t.screen.Show(done, done.draw); err != nil || len(done.Unlinked)+len(done.Unread) == 0 {
		return err
	}
	return verdict{exitFindings}
}

// counted counts the events that can be read as they pass.
func counted(events iter.Seq2[linkage.Event, error], n *int, bar *screen.Bar) iter.Seq2[linkage.Event, error] {
	return func(yield func(linkage.Event, error) bool) {
		for e, err := range events {
			if err == nil {
				*n++
				bar.Add(1)
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// reconciled is what was found.
type reconciled struct {
	Events   int        `json:"events"` // that were read
	Unlinked []unlinked `json:"unlinked"`
	Unread   []string   `json:"unread,omitempty"` // lines that are no event

	file string
}

// unlinked is a linkage.Unlinked as JSON.
type unlinked struct {
	Type              string            `json:"type"`
	AtUTC             string            `json:"at_utc"`
	PromotionPacketID string            `json:"promotion_packet_id,omitempty"`
	DeployID          string            `json:"deploy_id,omitempty"`
	IncidentTicketID  string            `json:"incident_ticket_id,omitempty"`
	RollbackEventID   string            `json:"rollback_event_id,omitempty"`
	Severity          string            `json:"severity,omitempty"`
	Floats            bool              `json:"floats"` // nothing binds it
	Links             []json.RawMessage `json:"links"`  // that bind it, to another packet
	Problem           string            `json:"problem"`
}

func unlinkedOf(u linkage.Unlinked) unlinked {
	e := u.Event
	return unlinked{
		Type: e.Type, AtUTC: moment(e.AtUTC), PromotionPacketID: e.PromotionPacketID, DeployID: e.DeployID,
		IncidentTicketID: e.IncidentTicketID, RollbackEventID: e.RollbackEventID, Severity: e.Severity,
		Floats: u.Floats(), Links: rowsJSON(u.Links), Problem: u.Problem,
	}
}

func (r reconciled) draw(p *screen.Page) {
	rows := make([][]any, len(r.Unlinked))
	for i, u := range r.Unlinked {
		rows[i] = []any{u.AtUTC, join(u.IncidentTicketID, u.RollbackEventID), u.Severity, u.PromotionPacketID, u.Problem}
	}
	p.Table([]string{"when", "event", "severity", "promotion_packet_id", "problem"}, rows)
	for _, problem := range r.Unread {
		p.Bad("%s", screen.Clean(problem))
	}
	if len(r.Unlinked)+len(r.Unread) == 0 {
		p.Good("%s; every incident and rollback among them is bound to an export", screen.Count(r.Events, "event"))
		return
	}
	verdict := fmt.Sprintf("of %s, %d not accounted for", screen.Count(r.Events, "event"), len(r.Unlinked))
	if len(r.Unread) > 0 {
		verdict += "; " + screen.Count(len(r.Unread), "line") + " that cannot be read"
	}
	p.Bad("%s", verdict)
	for _, u := range r.Unlinked {
		if u.Floats && u.IncidentTicketID+u.RollbackEventID != "" {
			p.Line("  → %s", screen.Clean("exportctl link "+u.flag()+" --events "+shellWord(r.file)+" --ack 'ROLE: NAME'"))
		}
	}
}

func (u unlinked) flag() string {
	if u.IncidentTicketID != "" {
		return "--incident " + shellWord(u.IncidentTicketID)
	}
	return "--rollback " + shellWord(u.RollbackEventID)
}
