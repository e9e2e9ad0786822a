package archive_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
)

// bare is a bucket that cannot lock.
type bare struct{ *memworm.Bucket }

func (bare) Capabilities(context.Context) (worm.Capabilities, error) {
	return worm.Capabilities{Retention: worm.Absent, LegalHold: worm.Absent, Advice: "turn on object lock"}, nil
}

// A bucket that cannot keep what the matrix asks for is not exported to, unless the
// caller says the word; then every manifest says it too.
func TestBucketWithoutLocks(t *testing.T) {
	b := bare{memworm.New()}
	store := wormtest.Store(t, b)
	cfg := config(t)
	if _, err := archive.OpenStore(store, cfg); !errors.Is(err, worm.ErrUnsupported) || !strings.Contains(err.Error(), "turn on object lock") {
		t.Errorf("open: %v", err)
	}
	if _, err := archive.OpenStore(store, archive.Config{Verifier: cfg.Signer.Verifier()}); err != nil {
		t.Errorf("open for reading: %v", err)
	}
	cfg.UnsafeWithoutLocks = true
	a := over(t, b, cfg)
	receipt, err := a.Export(t.Context(), packet(t, "pp-1"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := a.Confirm(t.Context(), receipt.Row)
	if err != nil {
		t.Fatal(err)
	}
	if r := c.Evidence.Packet.Retention; r.Mode != "none" || r.RetainUntilUTC != nil || !slices.ContainsFunc(r.Reasons, func(s string) bool { return strings.HasPrefix(s, "UNSAFE") }) {
		t.Errorf("the manifest says %+v", r)
	}
	if _, err := a.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}
