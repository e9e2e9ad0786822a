package archive_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
)

// dropping is a store that says it locks, takes locks, and drops them without a word.
type dropping struct {
	worm.Driver
	keys   string // those that have this in them
	silent bool   // its answers state no lock, so that it must be asked
}

func (d dropping) Capabilities(ctx context.Context) (worm.Capabilities, error) {
	caps, err := d.Driver.Capabilities(ctx)
	caps.TellsLocks = !d.silent
	return caps, err
}

func (d dropping) Create(ctx context.Context, in worm.Creation) (worm.Ref, error) {
	if strings.Contains(in.Key, d.keys) {
		in.Lock = retention.Lock{}
	}
	if d.silent {
		in.Observed = nil
	}
	return d.Driver.Create(ctx, in)
}

// A store that drops locks is never said to have locked: there is no export, whether
// the packet, an exhibit or the manifest is concerned, and it is not pending either.
func TestDroppedLockIsNoExport(t *testing.T) {
	for _, keys := range []string{"packet.json", "exhibits/", "manifests/"} {
		for _, silent := range []bool{false, true} {
			b := memworm.New()
			a := over(t, dropping{b, keys, silent}, spooling(t))
			receipt, err := a.Export(t.Context(), packet(t, "pp-1").With(exhibit("scorecard.pdf", "green")))
			if !errors.Is(err, archive.ErrNotLocked) || errors.Is(err, archive.ErrPending) || receipt.ExportRowID != 0 || !strings.Contains(err.Error(), keys) {
				t.Errorf("%s: %+v, %v", keys, receipt, err)
			}
			if len(rows(t, a)) != 0 || waiting(t, a) != "" {
				t.Errorf("%s: there is a row, or it is spooled", keys)
			}
		}
	}
}

// Where that is accepted, the export says that it is not locked: in the row, in the
// manifest's terms and reasons, and as what was observed.
func TestDroppedLockSaysSo(t *testing.T) {
	cfg := config(t)
	cfg.UnsafeWithoutLocks = true
	a := over(t, dropping{memworm.New(), "exhibits/", true}, cfg)
	receipt, err := a.Export(t.Context(), packet(t, "pp-1").With(exhibit("scorecard.pdf", "green")))
	if err != nil {
		t.Fatal(err)
	}
	if receipt.RetentionMode != retention.None || !receipt.RetainUntilUTC.IsZero() {
		t.Errorf("the row promises %s until %s", receipt.RetentionMode, receipt.RetainUntilUTC)
	}
	c, err := a.Confirm(t.Context(), receipt.Row)
	if err != nil {
		t.Fatal(err)
	}
	p := c.Evidence.Packet
	if p.Retention.Mode != "none" || !slices.ContainsFunc(p.Retention.Reasons, func(s string) bool {
		return strings.HasPrefix(s, "UNSAFE: scorecard.pdf is NOT locked")
	}) {
		t.Errorf("the manifest says %+v", p.Retention)
	}
	if got := p.Exhibits[0].Observed; got == nil || got.Mode != "none" || got.LegalHold != "off" || got.RetainUntilUTC != nil || got.By != "read" {
		t.Errorf("observed of the exhibit: %+v", got)
	}
	if got := p.Document.Observed; got == nil || got.Mode == "none" || got.RetainUntilUTC == nil || got.Version == "" {
		t.Errorf("observed of the packet: %+v", got)
	}
}

// mute is a store whose locks the exporter may not read.
type mute struct{ dropping }

func (mute) State(context.Context, worm.Ref) (worm.Object, error) {
	return worm.Object{}, errors.New("403 AccessDenied: s3:GetObjectRetention")
}

// What cannot be found out is unknown, and unknown is not safe.
func TestUnknownLockIsNotSafe(t *testing.T) {
	b := mute{dropping{memworm.New(), "nothing is dropped", true}}
	_, err := over(t, b, spooling(t)).Export(t.Context(), packet(t, "pp-1"))
	if !errors.Is(err, archive.ErrNotLocked) || errors.Is(err, archive.ErrPending) || !strings.Contains(err.Error(), "GetObjectRetention") {
		t.Errorf("%v", err)
	}
	cfg := config(t)
	cfg.UnsafeWithoutLocks = true
	a := over(t, mute{dropping{memworm.New(), "nothing is dropped", true}}, cfg)
	receipt, err := a.Export(t.Context(), packet(t, "pp-1"))
	if err != nil {
		t.Fatal(err)
	}
	e, err := a.Retrieve(t.Context(), receipt.ArchiveURI)
	if err != nil {
		t.Fatal(err)
	}
	if got := e.Packet.Document.Observed; got.Mode != manifest.Unknown || got.LegalHold != manifest.Unknown || receipt.RetentionMode != retention.None {
		t.Errorf("observed %+v, promised %s", got, receipt.RetentionMode)
	}
}

// Reading back costs a request an object, and none where the answer to the write says
// how the object is kept already.
func TestPostureCost(t *testing.T) {
	for _, c := range []struct {
		silent bool
		heads  int
	}{{false, 0}, {true, 3}} { // packet, exhibit, manifest
		m := &wormtest.Metered{Driver: dropping{memworm.New(), "nothing is dropped", c.silent}}
		a := over(t, m, config(t))
		receipt, err := a.Export(t.Context(), packet(t, "pp-1").With(exhibit("scorecard.pdf", "green")))
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Requests().Head; got != c.heads {
			t.Errorf("%d requests to read back, want %d", got, c.heads)
		}
		e, err := a.Retrieve(t.Context(), receipt.ArchiveURI)
		if err != nil {
			t.Fatal(err)
		}
		by := map[bool]string{false: "answer", true: "read"}[c.silent]
		for _, o := range e.Packet.Objects() {
			if got := o.Observed; got == nil || got.By != by || got.Mode != string(receipt.RetentionMode) || !got.RetainUntilUTC.Equal(receipt.RetainUntilUTC) {
				t.Errorf("%s: observed %+v", o.Name, got)
			}
		}
	}
}

// A bucket that goes away before the lock is read back is an outage like any other.
func TestOutageWhileReadingBack(t *testing.T) {
	b := &outage{Driver: memworm.New()}
	cfg := spooling(t)
	a := over(t, &wormtest.Faulty{Driver: dropping{b, "nothing is dropped", true}, After: func(op wormtest.Op) {
		if op.N == 1 {
			b.begin(worm.ErrUnavailable)
		}
	}}, cfg)
	_, err := a.Export(t.Context(), packet(t, "pp-1"))
	wantPending(t, err, "pp-1")
	b.end()
	if receipts, err := a.Flush(t.Context()); err != nil || len(receipts) != 1 || receipts[0].RetentionMode == retention.None {
		t.Errorf("%+v, %v", receipts, err)
	}
}
