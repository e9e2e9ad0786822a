package exportlog_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
)

// bulky makes a driver one that stores many objects together, in any order.
type bulky struct{ worm.Driver }

func (b bulky) CreateAll(ctx context.Context, in []worm.Creation) []error {
	errs := make([]error, len(in))
	for _, i := range rand.Perm(len(in)) {
		_, errs[i] = b.Create(ctx, in[i])
	}
	return errs
}

// What is derived is the same, whether objects are stored together or one by one, and
// though some of them fail.
func TestDerivedInBulk(t *testing.T) {
	const rows = 2600 // ten blocks, and some
	one, many := memworm.New(), memworm.New()
	grow(t, one, rows)
	refusing := &wormtest.Faulty{Driver: many, Plan: func(op wormtest.Op) wormtest.Fault {
		if op.N%10 == 0 && op.N < 2*rows { // and then no more, so that a fifth try is not refused by chance
			return wormtest.RefuseBefore
		}
		return wormtest.None
	}}
	grow(t, bulky{refusing}, rows)
	if got, want := keysOf(t, many), keysOf(t, one); !slices.Equal(got, want) {
		t.Errorf("%d objects, want %d", len(got), len(want))
	}
	wantRows(t, many, rows)
}

// An object that holds other bytes is named, and keeps nothing else from being derived.
func TestFailureDerivedObjectWrongInBulk(t *testing.T) {
	b := memworm.New()
	wrong := "log/by/packet/pp-300/000000000300.json"
	b.Overwrite(wrong, []byte("not this\n"))
	l := open(t, bulky{b})
	var rows []exportlog.Row
	for n := range 600 {
		rows = append(rows, numbered(n+1))
	}
	if _, err := l.Append(t.Context(), rows...); err != nil {
		t.Fatal(err)
	}
	damaged := new(exportlog.DamagedError)
	if err := l.Close(); !errors.As(err, &damaged) || len(damaged.Findings) != 1 || damaged.Findings[0].Object != wrong {
		t.Errorf("close: %v", err)
	}
	report, err := open(t, b).Verify(t.Context(), exportlog.Scope{})
	if !errors.Is(err, exportlog.ErrDamaged) || len(report.Findings) != 1 || !named(report, exportlog.DerivedDiffers, wrong, 300) {
		t.Errorf("Verify saw %v", report.Findings)
	}
}

// A power cut among marks that are stored together may leave a later one without an
// earlier: no loss, for it is the newest that is read.
func TestFailureMarkMissingBelowAnother(t *testing.T) {
	b := memworm.New()
	grow(t, b, 1024)
	if err := b.Drop("log/head/999/999/999/997.json"); err != nil {
		t.Fatal(err)
	}
	wantRows(t, b, 1024)
	next := open(t, b)
	mustAppend(t, next, numbered(1025))
	if err := errors.Join(next.Seal(t.Context()), next.Close()); err != nil {
		t.Error(err)
	}
}

// Whoever seals is told how far it has come, and of nothing where there is nothing to do.
func TestSealTellsProgress(t *testing.T) {
	b := memworm.New()
	grow(t, b, 1024)
	for _, want := range [][]int64{{1024, 1024}, nil} {
		if want != nil {
			if err := b.Drop("log/head/999/999/999/995.json"); err != nil {
				t.Fatal(err)
			}
		}
		var told []int64
		if err := open(t, b).SealWithProgress(t.Context(), func(rows, of int64) { told = append(told, rows, of) }); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(told, want) {
			t.Errorf("told %v, want %v", told, want)
		}
	}
}

// A process that is killed while it derives leaves nothing that is taken for
// tampering, and the next one goes on from there.
func TestFailureKilledWhileDeriving(t *testing.T) {
	address := "file://" + t.TempDir()
	rounds := 2
	if testing.Short() {
		rounds = 1
	}
	for round := range rounds {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), "HOLDFAST_CROWD_BUCKET="+address, fmt.Sprint("HOLDFAST_CROWD_WHO=", round), "HOLDFAST_CROWD_EACH=100000")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(250*time.Millisecond + rand.N(350*time.Millisecond)) // it is in the midst of it, wherever that is
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		cmd.Wait()
		store, err := worm.Open(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		l := exportlog.Open(store, exportlog.Config{})
		verify := func(when string) exportlog.Report {
			report, err := l.Verify(t.Context(), exportlog.Scope{})
			if err != nil {
				t.Errorf("%s: %v", when, err)
			}
			return report
		}
		killed := verify("killed")
		mustAppend(t, l, export("next", fmt.Sprint("next-", round)))
		if err := l.Seal(t.Context()); err != nil {
			t.Error(err)
		}
		sealed := verify("sealed")
		t.Logf("%d rows, %d derived objects, and %d once sealed", killed.Rows, killed.Derived, sealed.Derived)
		if sealed.Derived < 2*sealed.Rows || sealed.Rows != killed.Rows+1 {
			t.Errorf("of %d rows there are %d derived objects", sealed.Rows, sealed.Derived)
		}
		if err := errors.Join(l.Close(), store.Close()); err != nil {
			t.Error(err)
		}
	}
}
