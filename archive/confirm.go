package archive

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// Confirmation is what Confirm checked.
type Confirmation struct {
	Evidence Evidence // zero when its manifest could not be verified
	Document []byte   // the packet's own bytes, as they were read and hashed; nil when they are not what was exported
	Objects  int      // read whole: the manifest, the packet, its exhibits
	Bytes    int64    // of these
	Checks   []Check  // what was looked at
	Findings []exportlog.Finding
}

// Check is one thing that Confirm looked at. What is wrong with it is among the
// findings.
type Check struct {
	What string // log, manifest, signer, timestamp, bytes, lock or anchor
	Says string // in words
	OK   bool
}

func (c Check) String() string {
	if c.OK {
		return c.What + ": " + c.Says
	}
	return c.What + ": NOT " + c.Says
}

// Confirm proves that an export is what it was: the row is in the log as given,
// the manifest has the row's content_integrity_reference and a trusted key's
// signature and says what the row says, the packet and every exhibit hash to
// the manifest's digests, each object is locked at least as firmly and as long as the
// manifest and the log's later rows promise, and held where they say so, the log still
// has the row that the manifest saw last, and the key was in use when the log took the
// row. Of the log before the row, Confirm reads what vouches for it, and damage there is
// a finding; [Archive.Verify] reads every row.
//
// Confirm goes on after it has found something, and then returns a
// [NotConfirmedError] with all of it. Any other error means that it could not
// find out.
func (a *Archive) Confirm(ctx context.Context, row exportlog.Row) (_ Confirmation, err error) {
	ctx, op := a.watch.begin(ctx, "confirm export", rowAttributes(row)...)
	defer func() { a.watch.end(ctx, op, err) }()
	c := confirmer{archive: a, opener: a.newOpener(), row: row}
	if err := c.confirm(ctx); err != nil {
		return c.Confirmation, fmt.Errorf("archive: confirm row %d: %w", row.ExportRowID, err)
	}
	if len(c.Findings) > 0 {
		return c.Confirmation, fmt.Errorf("archive: confirm row %d: %w", row.ExportRowID, &NotConfirmedError{Findings: c.Findings, causes: c.causes})
	}
	return c.Confirmation, nil
}

// confirmer confirms one row.
type confirmer struct {
	Confirmation
	archive *Archive
	opener  *opener
	row     exportlog.Row
	about   []exportlog.Row             // that say what is promised by now
	states  []worm.Object               // of the objects that were found
	before  exportlog.Row               // the one before in the log, if it was read already
	anchors map[manifest.LogAnchor]bool // that were found borne out; may be nil
	causes  []error                     // of findings about the manifest
}

func (c *confirmer) find(kind exportlog.FindingKind, object, format string, args ...any) {
	c.Findings = append(c.Findings, exportlog.Finding{Kind: kind, Object: object, ExportRowID: c.row.ExportRowID, Problem: fmt.Sprintf(format, args...)})
}

// checked notes what was looked at since there were so many findings.
func (c *confirmer) checked(findings int, what, format string, args ...any) {
	c.Checks = append(c.Checks, Check{What: what, Says: fmt.Sprintf(format, args...), OK: len(c.Findings) == findings})
}

func (c *confirmer) confirm(ctx context.Context) error {
	if err := c.together(ctx, (*confirmer).rowInLog, (*confirmer).promises, (*confirmer).evidence); err != nil {
		return err
	}
	c.locks(exportlog.PromiseOf(c.row, c.about))
	return nil
}

// parallelChecks bounds the requests that wait for the bucket at once.
const parallelChecks = 64

// together runs checks at the same time, for each waits for the bucket, and puts
// together what they found in the order they are given in.
func (c *confirmer) together(ctx context.Context, checks ...func(*confirmer, context.Context) error) error {
	parts := make([]confirmer, len(checks))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallelChecks)
	for i, check := range checks {
		parts[i] = confirmer{Confirmation: Confirmation{Evidence: c.Evidence}, archive: c.archive, opener: c.opener, row: c.row, before: c.before, anchors: c.anchors}
		g.Go(func() error { return check(&parts[i], ctx) })
	}
	err := g.Wait()
	for _, p := range parts {
		if p.Evidence.archive != nil {
			c.Evidence = p.Evidence
		}
		if p.Document != nil {
			c.Document = p.Document
		}
		c.about, c.states = append(c.about, p.about...), append(c.states, p.states...)
		c.Objects, c.Bytes = c.Objects+p.Objects, c.Bytes+p.Bytes
		c.Checks, c.Findings = append(c.Checks, p.Checks...), append(c.Findings, p.Findings...)
		c.causes = append(c.causes, p.causes...)
	}
	return err
}

// rowInLog checks that the log has the row, byte for byte.
func (c *confirmer) rowInLog(ctx context.Context) error {
	rows, err := c.archive.log.Find(ctx, exportlog.Query{ExportRowID: c.row.ExportRowID})
	if err != nil && !errors.Is(err, exportlog.ErrDamaged) {
		return err
	}
	before := len(c.Findings)
	c.damage(err)
	if len(rows) != 1 {
		c.find(exportlog.Missing, "log", "the log has no such row")
	} else if rows[0].SHA256() != c.row.SHA256() {
		c.find(exportlog.Edited, "log", "the log has another row under this number")
	}
	c.checked(before, "log", "row %d is in the log, byte for byte as given", c.row.ExportRowID)
	return nil
}

// damage takes over what is wrong with the log up to the row, as far as it was read:
// evidence that rests on a log which was edited before it is not confirmed.
func (c *confirmer) damage(err error) {
	var damaged *exportlog.DamagedError
	if !errors.As(err, &damaged) {
		return
	}
	for _, f := range damaged.Findings {
		if f.ExportRowID <= c.row.ExportRowID {
			c.Findings = append(c.Findings, f)
		}
	}
}

// promises reads what later rows say of how the export is kept.
func (c *confirmer) promises(ctx context.Context) (err error) {
	c.about, err = c.archive.log.Find(ctx, exportlog.Query{SubjectExportRowID: c.row.ExportRowID})
	if errors.Is(err, exportlog.ErrDamaged) {
		return nil // what can be read is looked for
	}
	return err
}
