package archive_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// A key is rotated in the middle of a log: everything before and after still
// verifies. Whoever keeps the old key, and dates a manifest back to when it was in
// use, gets a row at the end of the log, after rows of later, and is found out.
func TestRotationInTheMiddle(t *testing.T) {
	old, fresh := newSigner(t), newSigner(t)
	rotated := noon.Add(24 * time.Hour)
	trust, err := manifest.Trust{Keys: []manifest.TrustedKey{
		{Key: old.PublicKey(), Owner: "release-ops", Until: rotated},
		{Key: fresh.PublicKey(), Owner: "release-ops", From: rotated},
	}}.NewVerifier()
	if err != nil {
		t.Fatal(err)
	}
	bucket := memworm.New()
	exportAs := func(s *manifest.Signer, at time.Time, id string) (exportlog.Row, error) {
		cfg := config(t)
		cfg.Signer, cfg.Verifier, cfg.Clock = s, trust, func() time.Time { return at }
		r, err := over(t, bucket, cfg).Export(t.Context(), packet(t, id))
		return r.Row, err
	}
	var rows []exportlog.Row
	for i, s := range []*manifest.Signer{old, old, fresh, fresh} {
		row, err := exportAs(s, noon.Add(time.Duration(i)*12*time.Hour), fmt.Sprintf("pp-%d", i))
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	reader := over(t, bucket, archive.Config{Verifier: trust, Clock: func() time.Time { return rotated }})
	for _, row := range rows {
		if _, err := reader.Confirm(t.Context(), row); err != nil {
			t.Errorf("row %d: %v", row.ExportRowID, err)
		}
	}
	if _, err := reader.Verify(t.Context()); err != nil {
		t.Error(err)
	}

	backdated, err := exportAs(old, noon, "pp-forged")
	if err != nil {
		t.Fatal(err)
	}
	var broken *archive.NotConfirmedError
	if _, err := reader.Confirm(t.Context(), backdated); !errors.As(err, &broken) || !strings.Contains(broken.Error(), "key was not in use") {
		t.Errorf("a back-dated manifest: %v", err)
	}
	if _, err := reader.Verify(t.Context()); !errors.As(err, &broken) || broken.Findings[0].ExportRowID != backdated.ExportRowID {
		t.Errorf("a back-dated manifest: %v", err)
	}
}
