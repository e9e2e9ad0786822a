package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/linkage"
)

type correctFlags struct {
	set, clear []string
	reason     string
	dryRun     bool
}

func (t *tool) correctCommand() *cobra.Command {
	var f correctFlags
	c := &cobra.Command{
		Use:   "correct ROW --set FIELD=VALUE --reason WHY",
		Short: "Put right what a row says, by a new row; the old one stays",
		Long: `Correct appends a row that says what another should have said: an export's decision, or a
link's incident_ticket_id. Nothing is edited: both rows stay, and everything that shows the
export as it stands today takes the later word.

What binds a row to what it is about cannot be corrected, nor its bytes and its locks; of an
export under legal hold nothing that says where its evidence lies can.

When to use: when a row has a mistake in it, such as a mistyped ticket.
Related:     show --as-of, for what was believed before; csv`,
		Example: `  exportctl correct 56 --set incident_ticket_id=INC-2889 --reason 'mistyped at 03:00'
  exportctl correct 56 --clear rollback_event_id --reason 'it was another rollback'`,
		Args:              exactlyOne("the row's number"),
		ValidArgsFunction: t.completeRows,
		RunE:              func(c *cobra.Command, args []string) error { return t.correct(c.Context(), args[0], f) },
	}
	flags := c.Flags()
	flags.StringArrayVar(&f.set, "set", nil, "`FIELD=VALUE`: what it should have said, any number of them")
	flags.StringArrayVar(&f.clear, "clear", nil, "a `FIELD` that should have been empty")
	flags.StringVar(&f.reason, "reason", "", "why: a `TEXT`, to which is added who corrects")
	flags.BoolVar(&f.dryRun, "dry-run", false, "say what would change; write nothing")
	return c
}

func (t *tool) correct(ctx context.Context, number string, f correctFlags) error {
	row, err := strconv.ParseInt(number, 10, 64)
	switch {
	case err != nil || row < 1:
		return wrongUse("%q is no row's number; `exportctl find` and `exportctl show` print them", number)
	case f.reason == "":
		return wrongUse("why? Give --reason")
	}
	correction, err := correctionOf(f.set, f.clear)
	if err != nil {
		return usageError{err}
	}
	a, err := t.open(ctx, change)
	if err != nil {
		return err
	}
	defer a.Close()
	was, later, err := standing(ctx, a, row)
	if err != nil {
		return err
	}
	correction.CorrectionOfExportRowID, correction.PromotionPacketID = row, was.PromotionPacketID
	correction.Reason = f.reason + " (" + t.shared.operator + ")"
	correction.IdempotencyKey = correctionKey(correction, later)
	done := correctedRow{CorrectionOfExportRowID: row, PromotionPacketID: was.PromotionPacketID, dryRun: f.dryRun}
	done.Changes = changesOf(was.Corrected(later), was.Corrected(append(later, asLast(correction))))
	if len(done.Changes) > 0 && !f.dryRun {
		appended, err := a.Log().Append(ctx, correction)
		if err != nil {
			return err
		}
		done.Correction = rowJSON(appended[0].Row)
		done.number = appended[0].ExportRowID
	}
	return t.screen.Show(done, done.draw)
}

// asLast is a row as the log's next.
func asLast(r exportlog.Row) exportlog.Row {
	r.ExportRowID = math.MaxInt64
	return r
}

// standing returns a row, and the corrections of its packet.
func standing(ctx context.Context, a *archive.Archive, number int64) (row exportlog.Row, corrections []exportlog.Row, err error) {
	found, err := a.Log().Find(ctx, exportlog.Query{ExportRowID: number})
	if err != nil {
		return row, nil, err
	}
	if len(found) == 0 {
		return row, nil, fmt.Errorf("%w: the log has no row %d", linkage.ErrNotLocated, number)
	}
	row = found[0]
	about, err := a.Log().Find(ctx, exportlog.Query{PromotionPacketID: row.PromotionPacketID})
	for _, r := range about {
		if r.Kind == exportlog.KindCorrection {
			corrections = append(corrections, r)
		}
	}
	return row, corrections, err
}

// correctedRow is what a correction came to.
type correctedRow struct {
	CorrectionOfExportRowID int64           `json:"correction_of_export_row_id"`
	PromotionPacketID       string          `json:"promotion_packet_id"`
	Changes                 []fieldChange   `json:"changes"`
	Correction              json.RawMessage `json:"correction,omitempty"` // the row; none if nothing was written

	number int64
	dryRun bool
}

func (c correctedRow) draw(p *screen.Page) {
	rows := make([][]any, len(c.Changes))
	for i, x := range c.Changes {
		rows[i] = []any{x.Field, orEmpty(x.Old), orEmpty(x.New)}
	}
	switch about := fmt.Sprintf("row %d  %s", c.CorrectionOfExportRowID, screen.Clean(c.PromotionPacketID)); {
	case len(c.Changes) == 0:
		p.Mind("%s says so already: nothing was written", about)
	case c.dryRun:
		p.Mind("of %s would change; nothing was written", about)
	default:
		p.Good("row %s corrects %s", p.Bold(screen.Number(c.number)), about)
	}
	p.Table([]string{"field", "old", "new"}, rows)
}

func orEmpty(s string) string {
	if s == "" {
		return "(empty)"
	}
	return s
}
