package archive

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// Resolve fetches the manifest that a content_integrity_reference names, checks that
// it hashes to the reference, verifies its signature, and returns the evidence of
// every export that rests on it, in the order of the log. A reference that no
// manifest in the bucket hashes to, or no export row has, is [ErrNotArchived]; a
// manifest that does not verify, or that something hides, is a [NotConfirmedError]. A
// log that is damaged may have had more rows: what is still there comes with the
// [exportlog.DamagedError].
//
// The reference alone does not say where the manifest lies, so Resolve lists the
// manifests: a request for every thousand batches. [Archive.Retrieve] finds an
// export by its archive_uri without that.
func (a *Archive) Resolve(ctx context.Context, reference string) (all []Evidence, err error) {
	ctx, op := a.watch.begin(ctx, "resolve reference")
	defer func() { a.watch.end(ctx, op, err) }()
	if all, err = a.resolve(ctx, reference); err != nil {
		return all, fmt.Errorf("archive: resolve %.100q: %w", reference, err)
	}
	return all, nil
}

func (a *Archive) resolve(ctx context.Context, reference string) ([]Evidence, error) {
	hex, err := manifest.ParseReference(reference)
	if err != nil {
		return nil, err
	}
	batchID, err := a.batchOf(ctx, hex)
	if err != nil {
		return nil, err
	}
	rows, damage := a.log.Find(ctx, exportlog.Query{ExportBatchID: batchID})
	opener := a.newOpener()
	var all []Evidence
	for _, row := range rows {
		if row.Kind != exportlog.KindExport || row.ContentIntegrityReference != reference {
			continue
		}
		e, err := opener.evidence(ctx, row)
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	if len(all) == 0 && damage == nil {
		damage = fmt.Errorf("%w: the manifest is there, and no export row has it: the export was cut off before its row, or its row was removed", ErrNotArchived)
	}
	return all, damage
}

// batchOf finds the folder in which the manifest of a digest lies.
func (a *Archive) batchOf(ctx context.Context, hex string) (string, error) {
	digest, err := worm.ParseDigest(hex)
	if err != nil {
		return "", err
	}
	if batchID, _, err := named(a.store.List(ctx, manifests), digest); err != nil || batchID != "" {
		return batchID, err
	}
	_, key, err := named(a.store.ListHidden(ctx, manifests), digest)
	if err == nil && key == "" {
		err = fmt.Errorf("%w: no manifest in the bucket has this name", ErrNotArchived)
	}
	if err != nil {
		return "", err
	}
	return "", &NotConfirmedError{Findings: []exportlog.Finding{{Kind: exportlog.Hidden, Object: key,
		Problem: "the manifest is hidden by a delete marker or a newer version"}}}
}

// named finds the manifest of a digest, and the batch that it is of.
func named(entries iter.Seq2[worm.Entry, error], digest worm.Digest) (batchID, key string, err error) {
	for e, err := range entries {
		if err != nil {
			return "", "", err
		}
		batchID, _, _ := strings.Cut(strings.TrimPrefix(e.Ref.Key, manifests), "/")
		if e.Ref.Key == manifestKey(batchID, digest) {
			return batchID, e.Ref.Key, nil
		}
	}
	return "", "", nil
}
