package archive

import (
	"context"
	"fmt"

	"github.com/holdfast-archive/holdfast/archive/manifest"
)

// sign signs a batch's manifest, and holds it to the archive's own trust before
// anything rests on it: a manifest that nobody would confirm, because its signer may
// not own integrity or its key was rotated out, is never written, nor any row.
func (a *Archive) sign(ctx context.Context, statement manifest.Statement) ([]byte, error) {
	bundle, err := a.signer.Sign(ctx, statement)
	if err != nil {
		return nil, err
	}
	if a.verifier == a.signer.Verifier() {
		return bundle, nil // Sign did that
	}
	if _, err := a.verifier.Verify(bundle); err != nil {
		return nil, fmt.Errorf("what Config.Signer signs, Config.Verifier does not trust: %w", err)
	}
	return bundle, nil
}
