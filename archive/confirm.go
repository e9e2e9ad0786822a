package archive

import (
	"bytes"
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
	about   []exportlog.Row             // that say what is promised by now
	states  []worm.Object               // of the objects that were found
	before  exportlog.Row               // the one before in the log, if it was read already
	anchors map[manifest.LogAnchor]bool // that were found borne out; may be nil
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

// parallelChecks bounds the objects that are read at once.
const parallelChecks = 8

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
	if len(rows) != 1 {
		c.find(exportlog.Missing, "log", "the log has no such row")
	} else if rows[0].SHA256() != c.row.SHA256() {
		c.find(exportlog.Edited, "log", "the log has another row under this number")
	}
	c.checked(before, "log", "row %d is in the log, byte for byte as given", c.row.ExportRowID)
	return nil
}

// promises reads what later rows say of how the export is kept.
func (c *confirmer) promises(ctx context.Context) (err error) {
	c.about, err = c.archive.log.Find(ctx, exportlog.Query{SubjectExportRowID: c.row.ExportRowID})
	if errors.Is(err, exportlog.ErrDamaged) {
		return nil // what can be read is looked for
	}
	return err
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
		c.Findings = append(c.Findings, broken.Findings...)
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

// object checks one object's bytes, and keeps the packet's own.
func (c *confirmer) object(ctx context.Context, o manifest.Object) error {
	found := len(c.Findings)
	var kept bytes.Buffer
	into := io.Discard
	if o == c.Evidence.Packet.Document && o.Size <= MaxPacketBytes {
		into = &kept
	}
	body, err := c.Evidence.open(ctx, o)
	if err == nil {
		var n int64
		n, err = io.Copy(into, body)
		c.Objects, c.Bytes = c.Objects+1, c.Bytes+n
		body.Close()
	}
	switch {
	case errors.Is(err, worm.ErrNotFound), errors.Is(err, worm.ErrCorrupt):
		c.find(harmOf(err), o.Subject, "%v", err)
	case err != nil:
		return err
	case into != io.Discard:
		c.Document = kept.Bytes()
	}
	c.checked(found, "bytes", "%s hashes to sha256:%s", o.Subject, o.SHA256)
	return nil
}

// harmOf is the kind of finding that an error of the store comes to.
func harmOf(err error) exportlog.FindingKind {
	if errors.Is(err, worm.ErrCorrupt) {
		return exportlog.Edited
	}
	return exportlog.Missing
}

// state looks at the lock an object is under.
func (c *confirmer) state(ctx context.Context, ref worm.Ref) error {
	found := len(c.Findings)
	have, err := c.archive.store.State(ctx, ref)
	if errors.Is(err, worm.ErrNotFound) || errors.Is(err, worm.ErrCorrupt) {
		c.find(harmOf(err), ref.Key, "%v", err)
		c.checked(found, "lock", "%s is locked as promised", ref.Key)
		return nil
	}
	if err != nil {
		return err
	}
	c.states = append(c.states, have)
	return nil
}

// locks holds what the objects are under to what was promised, by the manifest and by
// rows since.
func (c *confirmer) locks(now exportlog.Promise) {
	if c.Evidence.archive == nil {
		return // what belongs to the export is not known
	}
	signed := c.Evidence.Packet.Retention
	want := retention.Stronger(retention.Lock{Mode: retention.Mode(signed.Mode), Until: value(signed.RetainUntilUTC)}, now.Lock)
	want.LegalHold = now.Held()
	for _, o := range c.states {
		found, have := len(c.Findings), o.Lock
		have.LegalHold = want.LegalHold // retention and hold are independent of each other
		if !have.Covers(want) {
			c.find(WeakLock, o.Ref.Key, "%s is promised, the object is under %s", want, o.Lock)
		}
		if now.Held() && !o.Lock.LegalHold {
			hold := now.Holds[0]
			c.find(NotHeld, o.Ref.Key, "row %d put it under legal hold (matter %.80q), and it is not", hold.ExportRowID, cmp.Or(hold.MatterID, ClassMatter))
		}
		if o.Hidden {
			c.find(exportlog.Hidden, o.Ref.Key, "something newer hides the version that was exported")
		}
		c.checked(found, "lock", "%s is under %s, as promised or better", o.Ref.Key, o.Lock)
	}
}

// anchor checks that the log still has the row that was its last when the
// manifest was signed, and else names the first row that was rewritten.
func (c *confirmer) anchor(ctx context.Context) error {
	found, seen := len(c.Findings), c.Evidence.Statement.Predicate.Log
	defer func() {
		c.checked(found, "anchor", "the log still has the %d rows that the manifest was signed over", seen.Size)
	}()
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
