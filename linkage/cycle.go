package linkage

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sort"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
)

// cycleField is the packet's field that names its release cycle.
const cycleField = "release_cycle_id"

// findCycle reads the packet of every export in the story's time and keeps those of
// its release cycle.
func (t *teller) findCycle(ctx context.Context) error {
	rows, err := t.linker.recorded(ctx, t.story.FromUTC, t.story.UntilUTC, t.damaged)
	if err != nil {
		return err
	}
	var chunk []archive.Evidence
	for e, err := range t.linker.archive.EvidenceOf(ctx, rows) {
		if errors.Is(err, archive.ErrNotConfirmed) {
			t.damaged(err) // of what cycle it is cannot be told
			continue
		}
		if err != nil {
			return err
		}
		if chunk = append(chunk, e); len(chunk) < 4*parallelPackets {
			continue
		}
		if err := t.addCycle(ctx, chunk); err != nil {
			return err
		}
		chunk = chunk[:0]
	}
	return t.addCycle(ctx, chunk)
}

func (t *teller) addCycle(ctx context.Context, chunk []archive.Evidence) error {
	cycles := make([]string, len(chunk))
	problems := make([]error, len(chunk))
	err := t.linker.inParallel(ctx, len(chunk), func(ctx context.Context, i int) error {
		fields, err := chunk[i].Fields(ctx)
		if isDamage(err) {
			problems[i] = err
			return nil
		}
		cycles[i] = valueOf(fields, cycleField)
		return err
	})
	if err != nil {
		return err
	}
	t.damaged(errors.Join(problems...))
	for i, cycle := range cycles {
		if cycle == t.story.ReleaseCycleID {
			t.addPacket(chunk[i].Packet.PromotionPacketID)
		}
	}
	if len(t.packets) > MaxLineageExports {
		return fmt.Errorf("%w: release cycle %.80q has more than %d packets", ErrTooMuch, t.story.ReleaseCycleID, MaxLineageExports)
	}
	return nil
}

// recorded streams the rows that the log took between two times; zero is no bound. No
// row is older than the one before it, so the first is found by halving.
func (l *Linker) recorded(ctx context.Context, from, until time.Time, damaged func(error)) (iter.Seq2[exportlog.Row, error], error) {
	first := int64(1)
	if !from.IsZero() {
		var err error
		if first, err = l.firstSince(ctx, from); err != nil {
			return nil, err
		}
	}
	return func(yield func(exportlog.Row, error) bool) {
		for r, err := range l.log.Rows(ctx, first) {
			if errors.Is(err, exportlog.ErrDamaged) {
				damaged(err)
				continue
			}
			if err == nil && !until.IsZero() && r.RecordedAtUTC.After(until) {
				return
			}
			if !yield(r, err) {
				return
			}
		}
	}, nil
}

// firstSince returns the first row that was recorded at or after a time. A row that
// cannot be read counts as recorded before it.
func (l *Linker) firstSince(ctx context.Context, from time.Time) (int64, error) {
	head, err := l.log.Head(ctx)
	if err != nil {
		return 0, err
	}
	var failed error
	n := sort.Search(int(head.Size), func(i int) bool {
		if failed != nil {
			return false
		}
		rows, _, err := l.find(ctx, exportlog.Query{ExportRowID: int64(i) + 1})
		failed = err
		return len(rows) == 1 && !rows[0].RecordedAtUTC.Before(from)
	})
	return int64(n) + 1, failed
}
