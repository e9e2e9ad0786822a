package archive

import (
	"bytes"
	"context"
	"io"
	"reflect"
	"time"

	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// sealed is a batch's manifest as it lies in the bucket.
type sealed struct {
	predicate manifest.Predicate
	reference string // content_integrity_reference
}

// seal makes sure that the bucket has a signed manifest over a batch: the one an
// interrupted export left there, or a new one.
func (a *Archive) seal(ctx context.Context, b batch) (sealed, error) {
	want, err := a.predicate(ctx, b)
	if err != nil {
		return sealed{}, err
	}
	if left, ok, err := a.leftBehind(ctx, b, want); err != nil || ok {
		return left, err
	}
	statement, err := manifest.NewStatement(want)
	if err != nil {
		return sealed{}, err
	}
	bundle, err := a.sign(ctx, statement)
	if err != nil {
		return sealed{}, err
	}
	if err := a.putManifest(ctx, b, bundle); err != nil {
		return sealed{}, err
	}
	return sealed{predicate: want, reference: manifest.Reference(bundle)}, nil
}

func (a *Archive) putManifest(ctx context.Context, b batch, bundle []byte) error {
	digest := worm.Sum(bundle)
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(bundle)), nil }
	stored, err := a.put(ctx, manifestKey(b.id, digest), open,
		worm.Spec{Size: int64(len(bundle)), SHA256: digest, Lock: b.lock(), ContentType: manifest.MediaType})
	if err != nil {
		return err
	}
	p, err := a.postureOf(ctx, stored)
	if err == nil && !a.unsafe {
		err = p.covers(b.lock())
	}
	return err
}

// predicate is what the manifest says of a batch whose objects are stored.
func (a *Archive) predicate(ctx context.Context, b batch) (manifest.Predicate, error) {
	head, err := a.log.Head(ctx)
	if err != nil {
		return manifest.Predicate{}, err
	}
	p := manifest.Predicate{
		ExportBatchID:     b.id,
		ExportedAtUTC:     b.at,
		ExportOperatorAck: b.operator,
		Log:               manifest.LogAnchor{Size: head.Size, RootSHA256: head.Root.String(), LastRowSHA256: head.LastRow.String()},
	}
	for _, it := range b.items {
		signed := it.signed
		signed.Retention = it.decision.terms()
		p.Packets = append(p.Packets, signed)
	}
	return p, nil
}

func (d decision) terms() manifest.Retention {
	t := manifest.Retention{
		RetentionClass: string(d.RetentionClass),
		Reasons:        d.reasons,
		Period:         d.Period.String(),
		Mode:           string(d.lock.Mode),
		LegalHold:      d.lock.LegalHold,
		PolicySHA256:   d.PolicySHA256,
	}
	if !d.lock.Until.IsZero() {
		t.RetainUntilUTC = &d.lock.Until
	}
	return t
}

// leftBehind looks for a manifest of the same batch that says the same and was
// stored by an export that never got to its row.
func (a *Archive) leftBehind(ctx context.Context, b batch, want manifest.Predicate) (sealed, bool, error) {
	for e, err := range a.store.List(ctx, manifestFolder(b.id)) {
		if err != nil {
			return sealed{}, false, err
		}
		bundle, err := a.store.Read(ctx, e.Ref, manifest.MaxBundleBytes)
		if err != nil {
			continue // not one to build on; whether it is damaged is for Verify to say
		}
		verified, err := a.signer.Verifier().Verify(bundle)
		if err != nil || !sameExport(verified.Statement.Predicate, want) {
			continue
		}
		return sealed{verified.Statement.Predicate, manifest.Reference(bundle)}, true, a.putManifest(ctx, b, bundle)
	}
	return sealed{}, false, ctx.Err()
}

// sameExport reports whether an earlier manifest promises what we would promise
// now: the same objects by the same operator under the same terms, for no longer
// than the objects are locked by now, over a log that is no longer than ours.
func sameExport(had, want manifest.Predicate) bool {
	if had.Log.Size > want.Log.Size || len(had.Packets) != len(want.Packets) {
		return false
	}
	had.Log, had.ExportedAtUTC = want.Log, want.ExportedAtUTC
	comparable := had
	comparable.Packets = nil
	for i, p := range had.Packets {
		promised, now := p.Retention.RetainUntilUTC, want.Packets[i].Retention.RetainUntilUTC
		if (promised == nil) != (now == nil) || promised != nil && promised.After(*now) {
			return false
		}
		p.Retention.RetainUntilUTC = now
		p = observedSince(p, want.Packets[i])
		comparable.Packets = append(comparable.Packets, p)
	}
	return reflect.DeepEqual(comparable, want)
}

// rows are what the log will say of a batch.
func (s sealed) rows(b batch) []exportlog.Row {
	rows := make([]exportlog.Row, len(b.items))
	for i, it := range b.items {
		p := s.predicate.Packets[i]
		rows[i] = exportlog.Row{
			Kind:                      exportlog.KindExport,
			PromotionPacketID:         p.PromotionPacketID,
			PromotionDecision:         p.PromotionDecision,
			PromotionDecisionAtUTC:    p.PromotionDecisionAtUTC,
			ExportBatchID:             s.predicate.ExportBatchID,
			ArchiveURI:                p.ArchiveURI,
			PacketSHA256:              it.sha256,
			RetentionClass:            retention.Class(p.Retention.RetentionClass),
			RetainUntilUTC:            value(p.Retention.RetainUntilUTC),
			RetentionMode:             retention.Mode(p.Retention.Mode),
			LegalHold:                 p.Retention.LegalHold,
			ContentIntegrityReference: s.reference,
			ExportedAtUTC:             s.predicate.ExportedAtUTC,
			ExportOperatorAck:         s.predicate.ExportOperatorAck,
			IdempotencyKey:            it.idempotencyKey,
		}
		if p.Reconstructed != nil {
			rows[i].ReconstructedBy, rows[i].ReconstructedFrom = p.Reconstructed.By, p.Reconstructed.From
		}
	}
	return rows
}

func value(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}
