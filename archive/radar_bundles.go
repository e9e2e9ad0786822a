package archive

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"fmt"

	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention"
)

// maxWatched bounds the certificates of all manifests together. There are as many as the
// authorities used, which is a few a year.
const maxWatched = 10_000

// resting is a certificate on whose chain manifests rest.
type resting struct {
	cert      *x509.Certificate
	manifests int
	first     int64          // the first export that does
	longest   retention.Lock // of the evidence that does
}

// bundle reads the certificates that the manifest of some exports carries.
func (r *radar) bundle(ctx context.Context, exports []exportlog.Current) error {
	row := exports[0].Exported
	bundle, err := Evidence{Row: row, archive: r.archive}.Bundle(ctx)
	if err != nil {
		return fmt.Errorf("row %d: %w", row.ExportRowID, err)
	}
	carried, err := manifest.ReadCertificates(bundle)
	if err != nil {
		return fmt.Errorf("row %d: %w", row.ExportRowID, err)
	}
	var longest retention.Lock
	for _, c := range exports {
		longest = retention.Stronger(longest, c.Promise.Lock)
	}
	if c := carried.Signer; c != nil && !carried.Dated && c.NotAfter.Before(longest.Until) {
		r.lapse(Lapse{Kind: CertEnds, ByUTC: c.NotAfter.UTC(), NeededUTC: longest.Until, ExportRowID: row.ExportRowID, Object: rowManifest(row),
			Problem: fmt.Sprintf("the certificate it was signed with, %.120q, ends, and neither a timestamp nor a transparency log in it says that the signature is older", c.Subject),
			Mend:    "keep a signed checkpoint of the log that covers the row, which dates it; sign with timestamps (Signer.WithTimestamps) from now on"})
	}
	return r.rest(carried.Authorities, row.ExportRowID, longest)
}

// rest notes the certificates that a manifest rests on.
func (r *radar) rest(certs []*x509.Certificate, row int64, longest retention.Lock) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := map[[sha256.Size]byte]bool{} // two timestamps may be of one authority
	for _, c := range certs {
		id := sha256.Sum256(c.Raw)
		if seen[id] {
			continue
		}
		seen[id] = true
		have := r.resting[id]
		if have == nil {
			if len(r.resting) == maxWatched {
				return fmt.Errorf("%w: more than %d certificates of timestamp authorities", ErrTooLarge, maxWatched)
			}
			have = &resting{cert: c, first: row}
			r.resting[id] = have
		}
		have.manifests++
		have.first, have.longest = min(have.first, row), retention.Stronger(have.longest, longest)
	}
	return nil
}

// carried names the certificates in bundles that end before the evidence that rests on
// them.
func (r *radar) carried() {
	for _, c := range r.resting {
		r.ends(c.cert, Lapse{NeededUTC: c.longest.Until, ExportRowID: c.first, Object: c.cert.Subject.String(),
			Problem: fmt.Sprintf("%d manifests, the first of them of this row, carry timestamps that rest on it", c.manifests)})
	}
}
