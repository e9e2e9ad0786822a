package exportlog

import (
	"errors"
	"strings"
	"testing"

	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
)

// Rows that a writer has proposed and cannot commit itself may be committed by
// another: it does not say that they were not appended.
func TestProposedRowsAreNotGivenUp(t *testing.T) {
	b := memworm.New()
	refusing, err := worm.New(t.Context(), &wormtest.Faulty{Driver: b, Plan: func(op wormtest.Op) wormtest.Fault {
		if strings.HasPrefix(op.Key, commitPrefix) {
			return wormtest.RefuseBefore
		}
		return wormtest.None
	}})
	if err != nil {
		t.Fatal(err)
	}
	row := func(key string) Row { return Row{Kind: KindExport, PromotionPacketID: "pp-1", IdempotencyKey: key} }
	l, other := Open(refusing, Config{}), Open(store(t, b), Config{})
	defer l.Close()
	defer other.Close()
	l.inbox.meet()
	if _, err := l.Append(t.Context(), row("mine")); !errors.Is(err, ErrOutcomeUnknown) {
		t.Errorf("proposed and refused: %v", err)
	}
	other.inbox.meet()
	if _, err := other.Append(t.Context(), row("theirs")); err != nil {
		t.Fatal(err)
	}
	// The commit of theirs has mine in it, for which alone l can write none.
	if got, err := l.Append(t.Context(), row("mine")); err != nil || got[0].ExportRowID > 2 {
		t.Errorf("appended again: %+v, %v", got, err)
	}
	if head, err := other.Head(t.Context()); err != nil || head.Size != 2 {
		t.Errorf("the log is %+v, %v", head, err)
	}
}
