package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
	"github.com/holdfast-archive/holdfast/exportlog"
)

func (t *tool) showCommand() *cobra.Command {
	var at timeOrRow
	var exhibit, output string
	var document bool
	c := &cobra.Command{
		Use:   "show EXPORT",
		Short: "Show one export: what was decided, why it is kept, what became of it",
		Long: `Show prints an export as its signed manifest and the log tell it, and with --document or
--exhibit the very bytes that the reviewers had, checked against the signature as they are read.

An EXPORT is an export_row_id, an archive_uri, or an id that leads to one export: of a packet,
incident, rollback or batch. With --as-of it is shown as it stood then.

Related: confirm, which checks locks and log too; lineage, for the story`,
		Example: `  exportctl show 42
  exportctl show INC-2888 --as-of 2026-08-12T10:00:00Z
  exportctl show 42 --exhibit scorecard.pdf --output scorecard.pdf`,
		Args:              exactlyOne("an export: a row's number, an archive_uri, or an id"),
		ValidArgsFunction: t.completeIDs,
		RunE: func(c *cobra.Command, args []string) error {
			ctx := c.Context()
			a, err := t.open(ctx, readEvidence)
			if err != nil {
				return err
			}
			defer a.Close()
			row, err := locate(ctx, a, args[0])
			if err != nil {
				return err
			}
			if document || exhibit != "" {
				return t.copyOut(ctx, a, row, exhibit, output)
			}
			return t.show(ctx, a, row, at)
		},
	}
	c.Flags().Var(&at, "as-of", "as it stood at a `TIME`, or when the log had just this row")
	c.Flags().BoolVar(&document, "document", false, "print the packet's own bytes")
	c.Flags().StringVar(&exhibit, "exhibit", "", "print the exhibit of this `NAME`")
	c.Flags().StringVar(&output, "output", "", "write to a new `FILE` instead of standard output")
	c.MarkFlagsMutuallyExclusive("document", "exhibit")
	return c
}

// show prints one export as it stands, or stood.
func (t *tool) show(ctx context.Context, a *archive.Archive, row exportlog.Row, at timeOrRow) error {
	current, err := a.Log().CurrentOfAsOf(ctx, row.ExportRowID, exportlog.AsOf(at))
	if at == (timeOrRow{}) {
		current, err = a.Log().CurrentOfRow(ctx, row)
	}
	if err != nil {
		return err
	}
	evidence, err := a.Retrieve(ctx, row.ArchiveURI)
	if err != nil {
		return err
	}
	shown := shownExport{foundExport: foundOf(current), Packet: evidence.Packet, SignedBy: evidence.SignedBy.String()}
	return t.screen.Show(shown, shown.draw)
}

type shownExport struct {
	foundExport
	Packet   manifest.Packet `json:"packet"` // as the signed manifest has it
	SignedBy string          `json:"signed_by"`
}

func (x shownExport) draw(p *screen.Page) {
	e := x.Export
	p.Title(fmt.Sprintf("row %d  %s", e.ExportRowID, screen.Clean(e.PromotionPacketID)))
	p.Fields(
		screen.Field{Name: "decision", Value: e.PromotionDecision + " at " + moment(e.PromotionDecisionAtUTC)},
		screen.Field{Name: "exported", Value: moment(e.ExportedAtUTC) + " by " + e.ExportOperatorAck},
		screen.Field{Name: "kept as", Value: string(e.RetentionClass) + " until " + day(e.RetainUntilUTC)},
		screen.Field{Name: "because", Value: strings.Join(x.Packet.Retention.Reasons, "; ")},
		screen.Field{Name: "signed by", Value: x.SignedBy},
		screen.Field{Name: "archive_uri", Value: e.ArchiveURI},
		screen.Field{Name: "integrity", Value: e.ContentIntegrityReference},
		screen.Field{Name: "reconstructed", Value: join(e.ReconstructedBy, e.ReconstructedFrom)},
	)
	for _, o := range x.Packet.Exhibits {
		p.Line("  with %s, %s", screen.Clean(o.Name), screen.Size(o.Size))
	}
	for _, l := range x.Links {
		p.Mind("row %d binds %s", l.ExportRowID, screen.Clean(join(l.IncidentTicketID, l.RollbackEventID)))
		drawSummary(p, l.DivergenceSummary)
	}
	for _, h := range x.Holds {
		p.Mind("row %d holds it for %s: %s", h.ExportRowID, screen.Clean(h.MatterID), screen.Clean(h.Reason))
	}
}

// copyOut copies the packet's bytes, or an exhibit's, checked as they are read.
func (t *tool) copyOut(ctx context.Context, a *archive.Archive, row exportlog.Row, exhibit, output string) error {
	evidence, err := a.Retrieve(ctx, row.ArchiveURI)
	if err != nil {
		return err
	}
	body, err := contents(ctx, evidence, exhibit)
	if err != nil {
		return err
	}
	defer body.Close()
	if output == "" {
		_, err := io.Copy(t.screen.Out, body)
		return err
	}
	return writeNew(output, func(w io.Writer) error {
		_, err := io.Copy(w, body)
		return err
	})
}

func contents(ctx context.Context, e archive.Evidence, exhibit string) (io.ReadCloser, error) {
	if exhibit != "" {
		return e.Exhibit(ctx, exhibit)
	}
	document, err := e.Document(ctx)
	return io.NopCloser(bytes.NewReader(document)), err
}
