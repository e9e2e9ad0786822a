package main

import (
	"context"
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/linkage"
)

func (t *tool) findCommand() *cobra.Command {
	var f selectionFlags
	c := &cobra.Command{
		Use:   "find [ID]",
		Short: "List the exports of a packet, batch, incident, rollback or time, as they stand today",
		Long: `Find lists exports with the incidents and rollbacks that are bound to them, corrected, and
with the retention that is in force.

An ID is looked for as a promotion_packet_id, an incident_ticket_id, a rollback_event_id and
an export_batch_id. By an id it takes three round trips at any size of the log; by class or
time, or all, the log is read.

Related: show, for everything about one export; csv, for a spreadsheet`,
		Example: `  exportctl find INC-2888
  exportctl find --class regulated --from 2026-08-01
  exportctl find --all --json | jq -r '.exports[].export.promotion_packet_id'`,
		Args:              atMostOne("id"),
		ValidArgsFunction: t.completeIDs,
		RunE: func(c *cobra.Command, args []string) error {
			ctx := c.Context()
			a, err := t.open(ctx, readLog)
			if err != nil {
				return err
			}
			defer a.Close()
			selections := namedBy(args)
			if len(args) == 0 {
				sel, err := f.selection()
				if err != nil {
					return err
				}
				selections = []archive.Selection{sel}
			}
			return t.find(ctx, a, selections)
		},
	}
	f.add(c.Flags())
	return c
}

// namedBy is what an id may mean.
func namedBy(ids []string) []archive.Selection {
	var all []archive.Selection
	for _, id := range ids {
		all = append(all, archive.Selection{PromotionPacketID: id}, archive.Selection{IncidentTicketID: id},
			archive.Selection{RollbackEventID: id}, archive.Selection{ExportBatchID: id})
	}
	return all
}

// find lists what the first selection means that means anything.
func (t *tool) find(ctx context.Context, a *archive.Archive, selections []archive.Selection) error {
	found := foundExports{Exports: []foundExport{}}
	for _, s := range selections {
		for c, err := range a.Select(ctx, s) {
			if err != nil {
				return err
			}
			found.Exports = append(found.Exports, foundOf(c))
		}
		if len(found.Exports) > 0 {
			break
		}
	}
	if err := t.screen.Show(found, found.draw); err != nil {
		return err
	}
	if len(found.Exports) == 0 {
		return linkage.ErrNotLocated
	}
	return nil
}

type foundExports struct {
	Exports []foundExport `json:"exports"`
}

// foundExport is an export as it stands, with the rows that made it so.
type foundExport struct {
	Export  exportlog.Row     `json:"export"` // corrected, with its retention as last extended
	Row     json.RawMessage   `json:"row"`    // as it stands in the log
	Links   []exportlog.Row   `json:"links"`
	Holds   []exportlog.Row   `json:"holds"`
	Changes []json.RawMessage `json:"changes"`
}

func foundOf(c exportlog.Current) foundExport {
	return foundExport{Export: c.Row, Row: rowJSON(c.Exported), Links: c.Links, Holds: c.Holds, Changes: rowsJSON(c.Changes)}
}

func (f foundExports) draw(p *screen.Page) {
	rows := make([][]any, len(f.Exports))
	for i, x := range f.Exports {
		bound := ""
		for _, l := range x.Links {
			bound = join(bound, join(l.IncidentTicketID, l.RollbackEventID))
		}
		held := ""
		for _, h := range x.Holds {
			held = join(held, h.MatterID)
		}
		rows[i] = []any{x.Export.ExportRowID, x.Export.PromotionPacketID, x.Export.PromotionDecision, moment(x.Export.PromotionDecisionAtUTC),
			x.Export.RetentionClass, day(x.Export.RetainUntilUTC), bound, held}
	}
	p.Table([]string{"row", "promotion_packet_id", "decision", "decided", "class", "kept until", "bound to", "held for"}, rows)
	if len(rows) > 1 {
		p.Gap()
		p.Line("%s", screen.Count(len(rows), "export"))
	}
}
