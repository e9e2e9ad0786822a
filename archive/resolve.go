package archive

import (
	"context"
	"fmt"
	"strings"

	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// Resolve fetches the manifest that a content_integrity_reference names, checks that
// it hashes to the reference, verifies its signature, and returns the evidence of
// every export that rests on it, in the order of the log. A reference that no
// manifest in the bucket hashes to, or no export row has, is [ErrNotArchived]; a
// manifest that does not verify is a [NotConfirmedError].
//
// The reference alone does not say where the manifest lies, so Resolve lists the
// manifests: a request for every thousand batches. [Archive.Retrieve] finds an
// export by its archive_uri without that.
func (a *Archive) Resolve(ctx context.Context, reference string) ([]Evidence, error) {
	all, err := a.resolve(ctx, reference)
	if err != nil {
		return nil, fmt.Errorf("archive: resolve %.100q: %w", reference, err)
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
	for e, err := range a.store.List(ctx, manifests) {
		if err != nil {
			return "", err
		}
		batchID, file, _ := strings.Cut(strings.TrimPrefix(e.Ref.Key, manifests), "/")
		if digest, err := worm.ParseDigest(hex); err == nil && e.Ref.Key == manifestKey(batchID, digest) && file != "" {
			return batchID, nil
		}
	}
	return "", fmt.Errorf("%w: no manifest in the bucket has this name", ErrNotArchived)
}
