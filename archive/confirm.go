package archive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// Confirmation is what Confirm checked.
type Confirmation struct {
	Evidence Evidence // zero when its manifest could not be verified
	Objects  int      // read whole: the manifest, the packet, its exhibits
	Bytes    int64    // of these
	Findings []exportlog.Finding
}

// Confirm proves that an export is what it was: the row is in the log as given,
// the manifest has the row's content_integrity_reference and a trusted key's
// signature and says what the row says, the packet and every exhibit hash to
// the manifest's digests, each object is locked at least as firmly and as long as the
// manifest and the log's later rows promise, and held where they say so, the log still
// has the row that the manifest saw last, and the key was in use when the log took the
// row.
//
// Confirm goes on after it has found something, and then returns a
// [NotConfirmedError] with all of it. Any other error means that it could not
// find out.
func (a *Archive) Confirm(ctx context.Context, row exportlog.Row) (Confirmation, error) {
	c := confirmer{archive: a, opener: a.newOpener(), row: row}
	if err := c.confirm(ctx); err != nil {
		return c.Confirmation, fmt.Errorf("archive: confirm row %d: %w", row.ExportRowID, err)
	}
	if len(c.Findings) > 0 {
		return c.Confirmation, fmt.Errorf("archive: confirm row %d: %w", row.ExportRowID, &NotConfirmedError{Findings: c.Findings})
	}
	return c.Confirmation, nil
}

// confirmer confirms one row.
type confirmer struct {
	Confirmation
	archive *Archive
	opener  *opener
	row     exportlog.Row
	now     exportlog.Promise           // what is promised by now
	before  exportlog.Row               // the one before in the log, if it was read already
	anchors map[manifest.LogAnchor]bool // that were found borne out; may be nil
}

func (c *confirmer) find(kind exportlog.FindingKind, object, format string, args ...any) {
	c.Findings = append(c.Findings, exportlog.Finding{Kind: kind, Object: object, ExportRowID: c.row.ExportRowID, Problem: fmt.Sprintf(format, args...)})
}

// confirm checks the row and what it points to. What later rows say of it is read at
// the same time.
func (c *confirmer) confirm(ctx context.Context) error {
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		c.now, err = c.archive.log.PromiseOf(gctx, c.row)
		if errors.Is(err, exportlog.ErrDamaged) {
			err = nil // what can be read is looked for
		}
		return err
	})
	g.Go(func() error { return c.rowInLog(gctx) })
	if err := g.Wait(); err != nil {
		return err
	}
	return c.evidence(ctx)
}

// rowInLog checks that the log has the row, byte for byte.
func (c *confirmer) rowInLog(ctx context.Context) error {
	rows, err := c.archive.log.Find(ctx, exportlog.Query{ExportRowID: c.row.ExportRowID})
	if err != nil && !errors.Is(err, exportlog.ErrDamaged) {
		return err
	}
	if len(rows) != 1 {
		c.find(exportlog.Missing, "log", "the log has no such row")
	} else if rows[0].SHA256() != c.row.SHA256() {
		c.find(exportlog.Edited, "log", "the log has another row under this number")
	}
	return nil
}

// keyInUse checks that the key was still in use when the log took the row: an old
// key can date its manifest back, and cannot put its row before later ones.
func (c *confirmer) keyInUse(ctx context.Context) error {
	before := c.before
	if by := c.Evidence.SignedBy; !by.Until.IsZero() && c.row.ExportRowID > 1 && before.ExportRowID != c.row.ExportRowID-1 {
		rows, err := c.archive.log.Find(ctx, exportlog.Query{ExportRowID: c.row.ExportRowID - 1})
		if err != nil && !errors.Is(err, exportlog.ErrDamaged) {
			return err
		}
		if len(rows) == 1 {
			before = rows[0]
		}
	}
	by := c.Evidence.SignedBy
	err := by.ValidAt(c.row.RecordedAtUTC)
	if by.From = (time.Time{}); err == nil && before.ExportRowID > 0 {
		err = by.ValidAt(before.RecordedAtUTC) // no row is older than the one before it
	}
	if err != nil {
		c.find(KeyNotInUse, c.opener.key, "the log took row %d when its manifest's key was not in use: %v", c.row.ExportRowID, err)
	}
	return nil
}

// signedBefore checks that the manifest was signed before the log took its row, by
// the word of the timestamp authorities.
func (c *confirmer) signedBefore() {
	for _, t := range c.Evidence.Timestamps {
		if t.At.After(c.row.RecordedAtUTC.Add(c.archive.policy.ClockSkew())) {
			c.find(SignedLater, c.opener.key, "the row says that it was recorded at %s, and by the word of %s its manifest was signed at %s",
				stamp(c.row.RecordedAtUTC), t.Authority, stamp(t.At))
		}
	}
}

// evidence checks everything the row points to.
func (c *confirmer) evidence(ctx context.Context) error {
	e, err := c.opener.evidence(ctx, c.row)
	var broken *NotConfirmedError
	if errors.As(err, &broken) {
		c.Findings = append(c.Findings, broken.Findings...)
		return nil
	}
	if err != nil {
		return err
	}
	c.Evidence = e
	c.Objects++
	if err := c.keyInUse(ctx); err != nil {
		return err
	}
	c.signedBefore()
	for _, difference := range differences(c.row, e) {
		c.find(RowDiffers, c.opener.key, "row and manifest differ: %s", difference)
	}
	if err := c.locked(ctx, worm.Ref{Key: c.opener.key}); err != nil {
		return err
	}
	for _, o := range e.Packet.Objects() {
		if err := c.object(ctx, o); err != nil {
			return err
		}
	}
	return c.anchor(ctx)
}

// differences compares what the row says with what was signed.
func differences(row exportlog.Row, e Evidence) []string {
	p, batch := e.Packet, e.Statement.Predicate
	reconstructed := manifest.Reconstruction{}
	if p.Reconstructed != nil {
		reconstructed = *p.Reconstructed
	}
	var all []string
	for _, pair := range []struct{ field, row, signed string }{
		{"promotion_packet_id", row.PromotionPacketID, p.PromotionPacketID},
		{"promotion_decision", row.PromotionDecision, p.PromotionDecision},
		{"promotion_decision_at_utc", stamp(row.PromotionDecisionAtUTC), stamp(p.PromotionDecisionAtUTC)},
		{"export_batch_id", row.ExportBatchID, batch.ExportBatchID},
		{"packet_sha256", row.PacketSHA256.String(), p.Document.SHA256},
		{"retention_class", string(row.RetentionClass), p.Retention.RetentionClass},
		{"retention_mode", string(row.RetentionMode), p.Retention.Mode},
		{"legal_hold", fmt.Sprint(row.LegalHold), fmt.Sprint(p.Retention.LegalHold)},
		{"retain_until_utc", stamp(row.RetainUntilUTC), stamp(value(p.Retention.RetainUntilUTC))},
		{"exported_at_utc", stamp(row.ExportedAtUTC), stamp(batch.ExportedAtUTC)},
		{"export_operator_ack", row.ExportOperatorAck, batch.ExportOperatorAck},
		{"reconstructed_by", row.ReconstructedBy, reconstructed.By},
		{"reconstructed_from", row.ReconstructedFrom, reconstructed.From},
	} {
		if pair.row != pair.signed {
			all = append(all, fmt.Sprintf("%s is %.80q in the row, %.80q in the manifest", pair.field, pair.row, pair.signed))
		}
	}
	return all
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// object checks one object's bytes and its lock.
func (c *confirmer) object(ctx context.Context, o manifest.Object) error {
	body, err := c.Evidence.open(ctx, o)
	if err == nil {
		var n int64
		n, err = io.Copy(io.Discard, body)
		c.Objects, c.Bytes = c.Objects+1, c.Bytes+n
		body.Close()
	}
	switch {
	case errors.Is(err, worm.ErrNotFound), errors.Is(err, worm.ErrCorrupt):
		c.find(harmOf(err), o.Subject, "%v", err)
		return nil
	case err != nil:
		return err
	}
	return c.locked(ctx, c.archive.ref(o))
}

// harmOf is the kind of finding that an error of the store comes to.
func harmOf(err error) exportlog.FindingKind {
	if errors.Is(err, worm.ErrCorrupt) {
		return exportlog.Edited
	}
	return exportlog.Missing
}

// locked checks that an object is still under at least the lock that it was promised,
// with its export or by a later row, and that it is held if its export is.
func (c *confirmer) locked(ctx context.Context, ref worm.Ref) error {
	have, err := c.archive.store.State(ctx, ref)
	if errors.Is(err, worm.ErrNotFound) || errors.Is(err, worm.ErrCorrupt) {
		c.find(harmOf(err), ref.Key, "%v", err)
		return nil
	}
	if err != nil {
		return err
	}
	signed := c.Evidence.Packet.Retention
	want := retention.Stronger(retention.Lock{Mode: retention.Mode(signed.Mode), Until: value(signed.RetainUntilUTC)}, c.now.Lock)
	held := have.Lock.LegalHold
	have.Lock.LegalHold, want.LegalHold = false, false // retention and hold are independent of each other
	if !have.Lock.Covers(want) {
		c.find(WeakLock, ref.Key, "%s is promised, the object is under %s", want, have.Lock)
	}
	if c.now.Held() && !held {
		hold := c.now.Holds[0]
		c.find(NotHeld, ref.Key, "row %d put it under legal hold (matter %.80q), and it is not", hold.ExportRowID, cmp.Or(hold.MatterID, ClassMatter))
	}
	if have.Hidden {
		c.find(exportlog.Hidden, ref.Key, "something newer hides the version that was exported")
	}
	return nil
}

// anchor checks that the log still has the row that was its last when the
// manifest was signed, and else names the first row that was rewritten.
func (c *confirmer) anchor(ctx context.Context) error {
	seen := c.Evidence.Statement.Predicate.Log
	if seen.Size >= c.row.ExportRowID {
		c.find(LogRewritten, c.opener.key, "the manifest was signed over %d rows, and its own row is number %d: rows were removed or renumbered", seen.Size, c.row.ExportRowID)
	}
	if seen.Size == 0 || c.anchors[seen] {
		return nil
	}
	held, err := c.holds(ctx, seen)
	if held && c.anchors != nil {
		c.anchors[seen] = true
	}
	if err != nil || held {
		return err
	}
	where, err := c.rewritten(ctx, seen.Size)
	if err != nil {
		return err
	}
	c.find(LogRewritten, c.opener.key, "row %d of the log is not the one the manifest was signed over: %s", seen.Size, where)
	return nil
}
