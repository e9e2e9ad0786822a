package main

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
	"github.com/holdfast-archive/holdfast/exportlog"
)

func (t *tool) confirmCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "confirm EXPORT",
		Short: "Prove that one export is what it was: log, signature, bytes, locks",
		Long: `Confirm reads one export whole, and shows each check: that the row is in the log, that a
trusted key signed the manifest and it says what the row says, that the packet and every exhibit
hash to what was signed, that each is locked and held as promised, and that the log still has
what the manifest was signed over.

An EXPORT is an export_row_id, an archive_uri, or an id that leads to one export. An incident, a
rollback and the row of a link lead to the export that is bound, and that link and export agree is
checked as well.

When to use: before somebody relies on it, and after somebody doubted it.
Related:     verify, for everything; prove, from an incident; show, for what it says`,
		Example: `  exportctl confirm 42
  exportctl confirm INC-2888
  exportctl confirm 42 --json | jq .confirmed`,
		Args:              exactlyOne("an export: a row's number, an archive_uri, or an id"),
		ValidArgsFunction: t.completeIDs,
		RunE: func(c *cobra.Command, args []string) error {
			ctx := c.Context()
			a, err := t.open(ctx, readEvidence)
			if err != nil {
				return err
			}
			defer a.Close()
			row, confirmation, err := confirm(ctx, a, args[0])
			if err != nil && !errors.Is(err, archive.ErrNotConfirmed) {
				return err
			}
			shown := confirmedOf(row, confirmation)
			if err := t.screen.Show(shown, shown.draw); err != nil {
				return err
			}
			return found(err)
		},
	}
}

// confirm confirms the export that is meant; by a link's own row, or an id that links
// bind, with those links.
func confirm(ctx context.Context, a *archive.Archive, export string) (exportlog.Row, archive.Confirmation, error) {
	links, err := linksNamed(ctx, a, export)
	if err != nil {
		return exportlog.Row{}, archive.Confirmation{}, err
	}
	var c archive.Confirmation
	for _, link := range links {
		if c, err = a.ConfirmLinked(ctx, link); err != nil {
			return link, c, err
		}
	}
	if len(links) > 0 {
		return links[0], c, nil
	}
	row, err := locate(ctx, a, export)
	if err != nil {
		return row, c, err
	}
	c, err = a.Confirm(ctx, row)
	return row, c, err
}

// linksNamed returns the link rows that an export was named by: none if it was named by
// itself, or if they bind several.
func linksNamed(ctx context.Context, a *archive.Archive, export string) ([]exportlog.Row, error) {
	if isURI(export) {
		return nil, nil
	}
	for _, q := range meanings(export) {
		rows, err := a.Log().Find(ctx, q)
		if err != nil && !errors.Is(err, exportlog.ErrDamaged) {
			return nil, err
		}
		isOther := func(r exportlog.Row) bool {
			return r.Kind != exportlog.KindLink || r.SubjectExportRowID != rows[0].SubjectExportRowID
		}
		switch {
		case len(rows) == 0:
			continue
		case q.PromotionPacketID+q.ExportBatchID != "" || slices.ContainsFunc(rows, isOther):
			return nil, nil
		}
		return rows, nil
	}
	return nil, nil
}

// confirmed is an archive.Confirmation in JSON.
type confirmed struct {
	Confirmed         bool      `json:"confirmed"`
	ExportRowID       int64     `json:"export_row_id"` // that was confirmed, or the link's
	PromotionPacketID string    `json:"promotion_packet_id"`
	ArchiveURI        string    `json:"archive_uri"`
	SignedBy          string    `json:"signed_by,omitempty"`
	Objects           int       `json:"objects"`
	Bytes             int64     `json:"bytes"`
	Checks            []checked `json:"checks"`
	Findings          []finding `json:"findings"`
}

func confirmedOf(row exportlog.Row, c archive.Confirmation) confirmed {
	x := confirmed{
		Confirmed: len(c.Findings) == 0, ExportRowID: row.ExportRowID, PromotionPacketID: row.PromotionPacketID, ArchiveURI: row.ArchiveURI,
		Objects: c.Objects, Bytes: c.Bytes, Checks: checks(c.Checks), Findings: findings(c.Findings),
	}
	if c.Evidence.Row.ExportRowID > 0 {
		x.SignedBy = c.Evidence.SignedBy.String()
	}
	return x
}

func (x confirmed) draw(p *screen.Page) {
	p.Title("row " + screen.Number(x.ExportRowID) + "  " + screen.Clean(x.PromotionPacketID))
	for _, c := range x.Checks {
		drawCheck(p, c)
	}
	p.Gap()
	if !x.Confirmed {
		drawFindings(p, x.Findings)
		p.Gap()
		p.Bad("NOT confirmed")
		return
	}
	p.Good("confirmed: %s, %s read", screen.Count(x.Objects, "object"), screen.Size(x.Bytes))
}
