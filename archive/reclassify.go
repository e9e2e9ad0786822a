package archive

import (
	"context"
	"fmt"
	"iter"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/policy"
)

// Reclassified is what another policy would make of an export.
type Reclassified struct {
	exportlog.Current
	Explanation policy.Explanation // under the other policy, counted from the export
	Longer      bool               // the other policy keeps it longer, or more firmly: [Archive.Extend] under it would say so in the log
	Shorter     bool               // … shorter, or less firmly: what was promised stays promised
}

// Reclassify says, of each export selected, what another policy would make of it:
// whom a change of policy keeps longer and whom shorter. It reads the manifest and the
// packet of each export and changes nothing. To lengthen what comes out longer, open
// the archive with that policy and call [Archive.Extend].
func (a *Archive) Reclassify(ctx context.Context, s Selection, p *policy.Policy) iter.Seq2[Reclassified, error] {
	return func(yield func(Reclassified, error) bool) {
		manifests := a.newManifestReader()
		for c, err := range a.Select(ctx, s) {
			r := Reclassified{Current: c}
			if err == nil {
				if r.Explanation, err = a.reclassify(ctx, target{Current: c, manifests: manifests}, p); err != nil {
					err = fmt.Errorf("archive: reclassify row %d: %w", c.ExportRowID, err)
				}
			}
			if err == nil {
				r.compare()
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

func (r *Reclassified) compare() {
	is, would := r.Promise.Lock, r.Explanation.Lock()
	is.LegalHold, would.LegalHold = false, false
	r.Longer = !is.Covers(would) || stronger(r.Explanation.RetentionClass, r.RetentionClass)
	r.Shorter = !would.Covers(is) || stronger(r.RetentionClass, r.Explanation.RetentionClass)
}
