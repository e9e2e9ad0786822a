package archive

import (
	"context"
	"errors"
	"fmt"

	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// ConfirmLinked is [Archive.Confirm] for the export that a link row is bound to. A
// link says itself where the evidence lies, so the export's row and its manifest are
// read at the same time: from a link to proof it takes two round trips. That the link
// and the row agree is among what is checked.
func (a *Archive) ConfirmLinked(ctx context.Context, link exportlog.Row) (_ Confirmation, err error) {
	ctx, op := a.watch.begin(ctx, "confirm export", rowAttributes(link)...)
	defer func() { a.watch.end(ctx, op, err) }()
	c := confirmer{archive: a, opener: a.newOpener(), row: link}
	if err = c.linked(ctx); err == nil && len(c.Findings) > 0 {
		err = &NotConfirmedError{Findings: c.Findings, causes: c.causes}
	}
	if err != nil {
		return c.Confirmation, fmt.Errorf("archive: confirm what row %d is linked to: %w", link.ExportRowID, err)
	}
	return c.Confirmation, nil
}

func (c *confirmer) linked(ctx context.Context) error {
	link := c.row
	if link.Kind != exportlog.KindLink {
		return fmt.Errorf("row %d is a row of kind %s, not a link", link.ExportRowID, link.Kind)
	}
	var export exportlog.Row
	bound := func(c *confirmer, ctx context.Context) (err error) {
		export, err = c.follow(ctx, link)
		if err != nil || export.Kind != exportlog.KindExport {
			return err
		}
		c.row = export
		return c.evidence(ctx)
	}
	c.row.ExportRowID = link.SubjectExportRowID
	if err := c.together(ctx, (*confirmer).promises, bound); err != nil {
		return err
	}
	if c.row = link; export.Kind == exportlog.KindExport {
		c.row = export
		c.locks(exportlog.PromiseOf(export, c.about))
	}
	return nil
}

// follow reads the export row that a link is bound to, and its manifest ahead, and
// checks that the two rows say the same.
func (c *confirmer) follow(ctx context.Context, link exportlog.Row) (exportlog.Row, error) {
	var export exportlog.Row
	ahead := func(c *confirmer, ctx context.Context) error {
		c.readAhead(ctx, link)
		return nil
	}
	find := func(c *confirmer, ctx context.Context) error {
		rows, err := c.archive.log.Find(ctx, exportlog.Query{ExportRowID: link.SubjectExportRowID})
		if err != nil && !errors.Is(err, exportlog.ErrDamaged) {
			return err
		}
		if len(rows) == 1 {
			export = rows[0]
		}
		return nil
	}
	if err := c.together(ctx, ahead, find); err != nil {
		return exportlog.Row{}, err
	}
	found := len(c.Findings)
	if export.Kind != exportlog.KindExport {
		c.find(exportlog.Missing, "log", "the log has no export row %d, which row %d is linked to", link.SubjectExportRowID, link.ExportRowID)
	} else if link.PromotionPacketID != export.PromotionPacketID || link.ExportBatchID != export.ExportBatchID ||
		link.ArchiveURI != export.ArchiveURI || link.ContentIntegrityReference != export.ContentIntegrityReference {
		c.find(RowDiffers, "log", "the link of row %d does not say of row %d what that row says", link.ExportRowID, export.ExportRowID)
	}
	c.checked(found, "log", "row %d is in the log, and the link of row %d says the same of it", link.SubjectExportRowID, link.ExportRowID)
	return export, nil
}

// readAhead reads the manifest that a row names, if it can. Whether that is as it
// should be is for evidence to say, which then has it at hand.
func (c *confirmer) readAhead(ctx context.Context, row exportlog.Row) {
	hex, err := manifest.ParseReference(row.ContentIntegrityReference)
	if err != nil {
		return
	}
	if digest, err := worm.ParseDigest(hex); err == nil {
		c.opener.open(ctx, row, manifestKey(row.ExportBatchID, digest), digest)
	}
}
