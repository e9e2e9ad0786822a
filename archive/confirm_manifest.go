package archive

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

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
	found, by := len(c.Findings), c.Evidence.SignedBy
	err := by.ValidAt(c.row.RecordedAtUTC)
	if by.From = (time.Time{}); err == nil && before.ExportRowID > 0 {
		err = by.ValidAt(before.RecordedAtUTC) // no row is older than the one before it
	}
	if err != nil {
		c.find(KeyNotInUse, c.opener.key, "the log took row %d when its manifest's key was not in use: %v", c.row.ExportRowID, err)
	}
	c.checked(found, "signer", "signed by %s, in use when the log took row %d", c.Evidence.SignedBy, c.row.ExportRowID)
	return nil
}

// signedBefore checks that the manifest was signed before the log took its row, by
// the word of the timestamp authorities.
func (c *confirmer) signedBefore() {
	found := len(c.Findings)
	for _, t := range c.Evidence.Timestamps {
		if t.At.After(c.row.RecordedAtUTC.Add(c.archive.policy.ClockSkew())) {
			c.find(SignedLater, c.opener.key, "the row says that it was recorded at %s, and by the word of %s its manifest was signed at %s",
				stamp(c.row.RecordedAtUTC), t.Authority, stamp(t.At))
		}
	}
	if len(c.Evidence.Timestamps) > 0 {
		c.checked(found, "timestamp", "%d timestamps put the signature before the row", len(c.Evidence.Timestamps))
	}
}

// evidence checks everything the row points to.
func (c *confirmer) evidence(ctx context.Context) error {
	e, err := c.opener.evidence(ctx, c.row)
	var broken *NotConfirmedError
	if errors.As(err, &broken) {
		found := len(c.Findings)
		c.Findings, c.causes = append(c.Findings, broken.Findings...), append(c.causes, broken.causes...)
		c.checked(found, "manifest", "the manifest hashes to content_integrity_reference and a trusted key signed it")
		return nil
	}
	if err != nil {
		return err
	}
	c.Evidence = e
	c.Objects++
	found := len(c.Findings)
	for _, difference := range differences(c.row, e) {
		c.find(RowDiffers, c.opener.key, "row and manifest differ: %s", difference)
	}
	c.checked(found, "manifest", "the manifest hashes to %s, a trusted key signed it, and it says what the row says", c.row.ContentIntegrityReference)
	c.signedBefore()
	checks := []func(*confirmer, context.Context) error{(*confirmer).keyInUse, func(c *confirmer, ctx context.Context) error {
		return c.state(ctx, worm.Ref{Key: c.opener.key})
	}}
	for _, o := range e.Packet.Objects() {
		checks = append(checks, func(c *confirmer, ctx context.Context) error { return c.object(ctx, o) }, func(c *confirmer, ctx context.Context) error {
			return c.state(ctx, c.archive.ref(o))
		})
	}
	return c.together(ctx, append(checks, (*confirmer).anchor)...)
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
