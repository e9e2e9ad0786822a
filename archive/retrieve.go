package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"go.opentelemetry.io/otel/attribute"

	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// Evidence is an export as the signed manifest describes it. Its contents are
// read from the bucket when they are asked for, and checked against the digests
// in the manifest as they are.
type Evidence struct {
	Row       exportlog.Row
	Packet    manifest.Packet    // what the manifest says of this packet
	Statement manifest.Statement // the whole manifest
	SignedBy  manifest.Signatory

	Timestamps []manifest.Timestamp // of the signature, as far as the verifier looks at them

	archive *Archive
}

// Retrieve finds the export that an archive_uri belongs to and verifies its
// manifest: the latest such export, if the same packet was exported again with
// other exhibits. An address that no export row has is [ErrNotArchived]; a manifest
// that is missing, changed, or not signed by a trusted key is a
// [NotConfirmedError].
//
// The address may have been written when the bucket had another name, as after
// a directory was moved: what counts is that a row of this log has it, the export's or
// one that corrects it.
func (a *Archive) Retrieve(ctx context.Context, archiveURI string) (_ Evidence, err error) {
	ctx, op := a.watch.begin(ctx, "retrieve evidence", attribute.String("holdfast.archive_uri", archiveURI))
	defer func() { a.watch.end(ctx, op, err) }()
	row, err := a.rowOf(ctx, archiveURI)
	if err != nil {
		return Evidence{}, fmt.Errorf("archive: retrieve %.200q: %w", archiveURI, err)
	}
	e, err := a.newOpener().evidence(ctx, row)
	if err != nil {
		return Evidence{}, fmt.Errorf("archive: retrieve %.200q: %w", archiveURI, err)
	}
	return e, nil
}

func (a *Archive) rowOf(ctx context.Context, uri string) (exportlog.Row, error) {
	ids, err := packetIDsOf(uri)
	if err != nil {
		return exportlog.Row{}, fmt.Errorf("%w: not an archive_uri: %w", ErrNotArchived, err)
	}
	var damage error
	for _, id := range ids {
		var rows []exportlog.Row
		rows, damage = a.log.Find(ctx, exportlog.Query{PromotionPacketID: id})
		for _, r := range slices.Backward(rows) {
			if r.ArchiveURI == uri && (r.Kind == exportlog.KindExport || r.Kind == exportlog.KindCorrection) {
				return a.exportOf(ctx, r) // a log damaged elsewhere does not keep evidence from those who need it
			}
		}
	}
	if damage != nil {
		return exportlog.Row{}, damage
	}
	return exportlog.Row{}, fmt.Errorf("%w: no export row has this archive_uri", ErrNotArchived)
}

// Document reads the packet's own bytes.
func (e Evidence) Document(ctx context.Context) ([]byte, error) {
	body, err := e.open(ctx, e.Packet.Document)
	if err != nil {
		return nil, fmt.Errorf("archive: read packet %.80q: %w", e.Packet.PromotionPacketID, err)
	}
	defer body.Close()
	b, err := io.ReadAll(io.LimitReader(body, MaxPacketBytes+1))
	if err != nil {
		return nil, fmt.Errorf("archive: read packet %.80q: %w", e.Packet.PromotionPacketID, err)
	}
	return b, nil
}

// Exhibit streams one exhibit by the name it was given. The check against its
// digest completes with the last byte: read to io.EOF before believing any of it.
func (e Evidence) Exhibit(ctx context.Context, name string) (io.ReadCloser, error) {
	for _, o := range e.Packet.Exhibits {
		if o.Name != name {
			continue
		}
		body, err := e.open(ctx, o)
		if err != nil {
			return nil, fmt.Errorf("archive: read exhibit %.80q: %w", name, err)
		}
		return body, nil
	}
	return nil, fmt.Errorf("archive: read exhibit %.80q: %w: the packet has %d exhibits, none of that name", name, ErrNotArchived, len(e.Packet.Exhibits))
}

func (e Evidence) open(ctx context.Context, o manifest.Object) (io.ReadCloser, error) {
	digest, err := worm.ParseDigest(o.SHA256)
	if err != nil {
		return nil, err
	}
	return e.archive.store.Get(ctx, e.archive.ref(o), digest)
}

// ref is where an object lies: the version its URI pins or, in a copy of the
// bucket, whatever its key shows there. Either way its digest decides.
func (a *Archive) ref(o manifest.Object) worm.Ref {
	ref, err := a.store.ParseURI(o.URI)
	if err != nil || ref.Key != o.Subject {
		return worm.Ref{Key: o.Subject}
	}
	return ref
}

// opener opens manifests for rows. It keeps the last one, for rows of one batch
// stand together.
type opener struct {
	archive  *Archive
	key      string
	verified manifest.Verified
}

func (a *Archive) newOpener() *opener { return &opener{archive: a} }

// evidence returns what the manifest that a row names says of the row's packet.
// What is not as it was exported is a NotConfirmedError.
func (o *opener) evidence(ctx context.Context, row exportlog.Row) (Evidence, error) {
	if row.Kind != exportlog.KindExport {
		return Evidence{}, fmt.Errorf("row %d is a row of kind %s, not an export", row.ExportRowID, row.Kind)
	}
	hex, err := manifest.ParseReference(row.ContentIntegrityReference)
	if err != nil {
		return Evidence{}, notConfirmed(row, "log", "content_integrity_reference: %w", err)
	}
	digest, err := worm.ParseDigest(hex)
	if err != nil {
		return Evidence{}, notConfirmed(row, "log", "content_integrity_reference: %w", err)
	}
	key := manifestKey(row.ExportBatchID, digest)
	if err := o.open(ctx, row, key, digest); err != nil {
		return Evidence{}, err
	}
	for _, p := range o.verified.Statement.Predicate.Packets {
		if p.ArchiveURI == row.ArchiveURI && idempotencyKey(p) == row.IdempotencyKey {
			return Evidence{Row: row, Packet: p, Statement: o.verified.Statement, SignedBy: o.verified.SignedBy, Timestamps: o.verified.Timestamps, archive: o.archive}, nil
		}
	}
	return Evidence{}, notConfirmed(row, key, "%w: it has no packet with the contents and at the archive_uri that the row names, %.200q", manifest.ErrNotCovered, row.ArchiveURI)
}

func (o *opener) open(ctx context.Context, row exportlog.Row, key string, digest worm.Digest) error {
	if o.key == key {
		return nil
	}
	if o.archive.verifier == nil {
		return manifest.ErrNoTrustedKeys
	}
	bundle, err := o.archive.readExact(ctx, key, digest)
	if errors.Is(err, worm.ErrNotFound) || errors.Is(err, worm.ErrCorrupt) || errors.Is(err, worm.ErrBadKey) {
		return notConfirmed(row, key, "the manifest: %w", err)
	}
	if err != nil {
		return err
	}
	verified, err := o.archive.verifier.Verify(bundle)
	if err != nil {
		return notConfirmed(row, key, "the manifest: %w", err)
	}
	o.key, o.verified = key, verified
	return nil
}

// readExact reads a small object whose digest is known.
func (a *Archive) readExact(ctx context.Context, key string, digest worm.Digest) ([]byte, error) {
	body, err := a.store.Get(ctx, worm.Ref{Key: key}, digest)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	b, err := io.ReadAll(io.LimitReader(body, manifest.MaxBundleBytes+1))
	if err == nil && len(b) > manifest.MaxBundleBytes {
		err = fmt.Errorf("%w: %s is larger than any manifest", worm.ErrCorrupt, key)
	}
	return b, err
}

func notConfirmed(row exportlog.Row, object, format string, args ...any) error {
	cause := fmt.Errorf(format, args...)
	return &NotConfirmedError{causes: []error{cause},
		Findings: []exportlog.Finding{{Kind: BadManifest, Object: object, ExportRowID: row.ExportRowID, Problem: cause.Error()}}}
}

// parse reads a packet's own bytes again, as they were read when it was exported.
func (e Evidence) parse(ctx context.Context) (Packet, error) {
	document, err := e.Document(ctx)
	if err != nil {
		return Packet{}, err
	}
	if e.Packet.Document.Name != "packet.csv" {
		return parseJSON(document, e.Packet.Document.Subject)
	}
	packets, err := ReadCSV(bytes.NewReader(document))
	if err == nil && len(packets) != 1 {
		err = fmt.Errorf("%w: %s has %d rows, not one", ErrMalformed, e.Packet.Document.Subject, len(packets))
	}
	if err != nil {
		return Packet{}, err
	}
	return packets[0], nil
}
