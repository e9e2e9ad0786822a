package archive

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// EvidenceOf yields what the signed manifests say of each export row, in the order of
// the rows; rows of other kinds are passed over. It is [Archive.Retrieve] for rows that
// are at hand: one request for each manifest, however many of its exports stand
// together, and none to the log.
//
// Where a manifest is missing, changed, or not signed by a trusted key, the evidence has
// its Row alone and comes with a [NotConfirmedError]; reading goes on behind it if the
// caller does. Any other error is the last thing that is yielded.
func (a *Archive) EvidenceOf(ctx context.Context, rows iter.Seq2[exportlog.Row, error]) iter.Seq2[Evidence, error] {
	return func(yield func(Evidence, error) bool) {
		opener := a.newOpener()
		for row, err := range rows {
			if err == nil && row.Kind != exportlog.KindExport {
				continue
			}
			e := Evidence{Row: row}
			if err == nil {
				e, err = opener.evidence(ctx, row)
			}
			if err != nil {
				e, err = Evidence{Row: row}, fmt.Errorf("archive: evidence of row %d: %w", row.ExportRowID, err)
			}
			if !yield(e, err) || err != nil && !errors.Is(err, ErrNotConfirmed) {
				return
			}
		}
	}
}

// Bundle reads the signed manifest's own bytes, which hash to the row's
// content_integrity_reference, at most [manifest.MaxBundleBytes] of them. They name
// every packet of the batch.
func (e Evidence) Bundle(ctx context.Context) ([]byte, error) {
	hex, err := manifest.ParseReference(e.Row.ContentIntegrityReference)
	if err != nil {
		return nil, fmt.Errorf("archive: read manifest: %w", err)
	}
	digest, err := worm.ParseDigest(hex)
	if err != nil {
		return nil, fmt.Errorf("archive: read manifest: %w", err)
	}
	bundle, err := e.archive.readExact(ctx, manifestKey(e.Row.ExportBatchID, digest), digest)
	if err != nil {
		return nil, fmt.Errorf("archive: read manifest: %w", err)
	}
	return bundle, nil
}

// PublicKeyPEM returns the key that the manifest was signed with, as openssl reads it,
// or nothing if an identity signed it.
func (e Evidence) PublicKeyPEM() ([]byte, error) {
	if e.SignedBy.KeyID == "" {
		return nil, nil
	}
	return e.archive.verifier.PublicKeyPEM(e.SignedBy.KeyID)
}

// Contents returns the text that the row's idempotency_key is the SHA-256 of, after
// "export:": a line for the packet's id, quoted as in Go, and the digest of its bytes,
// then one for each exhibit's name and digest, sorted. Through it the row alone, with
// a proof that the log has it, binds the packet and every exhibit.
func (e Evidence) Contents() string { return contents(e.Packet) }

func contents(p manifest.Packet) string {
	lines := []string{fmt.Sprintf("%q %s", p.PromotionPacketID, p.Document.SHA256)}
	for _, o := range p.Exhibits {
		lines = append(lines, fmt.Sprintf("%q %s", o.Name, o.SHA256))
	}
	slices.Sort(lines[1:])
	return strings.Join(lines, "\n")
}
