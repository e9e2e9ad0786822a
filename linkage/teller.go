package linkage

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// teller puts one lineage together.
type teller struct {
	linker *Linker
	story  Story
	told   Lineage

	events   []Event             // about the story, in the order given
	rows     []exportlog.Row     // about the story, in the order of the log
	exports  []exportlog.Current // of the story, as they stand
	evidence []archive.Evidence  // of exports, one each; with its Row alone where it does not verify
	linked   map[string]bool     // what is bound to a packet, by its id and the name of the incident or rollback
	packets  []string            // that the story is about, each once
	covered  int64               // rows that a signed checkpoint covers
	noKey    bool                // the archive has no key to tell
}

// readEvents keeps the events that may be about the story. Which packets it is about is
// not always known yet, so an event of any packet is kept for a release cycle.
func (t *teller) readEvents(context.Context) error {
	if t.story.Events == nil {
		return nil
	}
	for e, err := range t.story.Events {
		if err != nil {
			return err
		}
		if len(t.events) > 100*MaxLineageEvents {
			return fmt.Errorf("%w: more than %d events; give those of the days it is about", ErrTooMuch, 100*MaxLineageEvents)
		}
		t.events = append(t.events, e)
	}
	return nil
}

// findPackets finds the packets that the story is about.
func (t *teller) findPackets(ctx context.Context) error {
	s := t.story
	var q exportlog.Query
	switch {
	case s.ReleaseCycleID != "":
		return t.findCycle(ctx)
	case s.PromotionPacketID != "":
		t.packets = []string{s.PromotionPacketID}
		return nil
	case s.ExportRowID != 0:
		q = exportlog.Query{ExportRowID: s.ExportRowID}
	default:
		q = exportlog.Query{IncidentTicketID: s.IncidentTicketID, RollbackEventID: s.RollbackEventID}
	}
	rows, damage, err := t.linker.find(ctx, q)
	if err != nil {
		return err
	}
	t.damaged(damage)
	for _, r := range rows {
		if s.ExportRowID != 0 && r.Kind != exportlog.KindExport {
			return fmt.Errorf("%w: row %d is a row of kind %s", ErrNotLocated, r.ExportRowID, r.Kind)
		}
		t.addPacket(r.PromotionPacketID)
	}
	for _, e := range t.events {
		if s.ExportRowID == 0 && (e.IncidentTicketID != "" && e.IncidentTicketID == s.IncidentTicketID || e.RollbackEventID != "" && e.RollbackEventID == s.RollbackEventID) {
			t.addPacket(e.PromotionPacketID)
		}
	}
	return nil
}

func (t *teller) addPacket(id string) {
	if id != "" && !slices.Contains(t.packets, id) {
		t.packets = append(t.packets, id)
	}
}

func (t *teller) damaged(err error) {
	if err != nil && t.told.Damage == "" {
		t.told.Damage = err.Error()
	}
}

// parallelPackets bounds the packets that are read at once.
const parallelPackets = 16

// readRows reads every row of the packets, and keeps the events that are about them.
func (t *teller) readRows(ctx context.Context) error {
	if len(t.packets) > MaxLineageExports {
		return fmt.Errorf("%w: %d packets, the limit is %d", ErrTooMuch, len(t.packets), MaxLineageExports)
	}
	found := make([][]exportlog.Row, len(t.packets))
	damages := make([]error, len(t.packets))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(parallelPackets)
	for i, id := range t.packets {
		g.Go(func() (err error) {
			found[i], damages[i], err = t.linker.find(gctx, exportlog.Query{PromotionPacketID: id})
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	t.damaged(errors.Join(damages...))
	t.rows = slices.Concat(found...)
	slices.SortFunc(t.rows, func(a, b exportlog.Row) int { return int(a.ExportRowID - b.ExportRowID) })
	t.noteLinks()
	if t.story.ExportRowID != 0 {
		t.rows = about(t.rows, t.story.ExportRowID)
	}
	t.exports = exportlog.Fold(t.rows)
	t.events = slices.DeleteFunc(t.events, func(e Event) bool { return !slices.Contains(t.packets, e.PromotionPacketID) && !t.names(e) })
	switch {
	case len(t.rows)+len(t.events) == 0:
		return fmt.Errorf("%w: neither the log nor the events know %s %.80q", ErrNotLocated, t.told.Of, t.told.ID)
	case len(t.exports) > MaxLineageExports || len(t.events) > MaxLineageEvents:
		return fmt.Errorf("%w: %d exports and %d events, the limits are %d and %d", ErrTooMuch, len(t.exports), len(t.events), MaxLineageExports, MaxLineageEvents)
	}
	return nil
}

// noteLinks notes what is bound to the packets, whichever of their exports it is.
func (t *teller) noteLinks() {
	t.linked = map[string]bool{}
	for _, c := range exportlog.Fold(t.rows) {
		for _, link := range c.Links {
			for _, name := range named(link) {
				t.linked[c.PromotionPacketID+"\n"+name] = true
			}
		}
	}
}

// names reports whether an event is of the very incident or rollback asked for.
func (t *teller) names(e Event) bool {
	return e.IncidentTicketID != "" && e.IncidentTicketID == t.story.IncidentTicketID ||
		e.RollbackEventID != "" && e.RollbackEventID == t.story.RollbackEventID
}

// about returns the rows about one export: its own, those that name it, and those that
// correct one of these. Rows are in the order of the log, and about what went before.
func about(rows []exportlog.Row, export int64) []exportlog.Row {
	of := map[int64]bool{export: true}
	var all []exportlog.Row
	for _, r := range rows {
		if r.ExportRowID == export || of[r.SubjectExportRowID] || of[r.CorrectionOfExportRowID] {
			of[r.ExportRowID] = true
			all = append(all, r)
		}
	}
	return all
}

// readEvidence reads what was signed and what the packets say.
func (t *teller) readEvidence(ctx context.Context) error {
	for e, err := range t.linker.archive.EvidenceOf(ctx, each(ofKind(t.rows, exportlog.KindExport))) {
		if err != nil && !errors.Is(err, archive.ErrNotConfirmed) {
			return err
		}
		t.evidence = append(t.evidence, e)
		t.told.Exports = append(t.told.Exports, newExport(t.exports[len(t.evidence)-1], e, err))
	}
	return t.linker.inParallel(ctx, len(t.evidence), func(ctx context.Context, i int) error {
		return t.told.Exports[i].believe(ctx, t.evidence[i])
	})
}

func each(rows []exportlog.Row) iter.Seq2[exportlog.Row, error] {
	return func(yield func(exportlog.Row, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (l *Linker) inParallel(ctx context.Context, n int, do func(context.Context, int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallelPackets)
	for i := range n {
		g.Go(func() error { return do(ctx, i) })
	}
	return g.Wait()
}

// readHead notes how far the log had come, and how far its checkpoints.
func (t *teller) readHead(ctx context.Context) error {
	head, err := t.linker.log.Head(ctx)
	if err != nil && !errors.Is(err, exportlog.ErrDamaged) {
		return err
	}
	t.damaged(err)
	t.told.LogSize, t.told.LogRoot = head.Size, head.Root.String()
	t.told.AsOfUTC = time.Now().UTC().Truncate(time.Second)
	if t.linker.log.CheckpointKey() == nil {
		t.noKey = true
		return nil
	}
	latest, err := t.linker.log.LatestCheckpoint(ctx)
	switch {
	case errors.Is(err, worm.ErrNotFound):
	case errors.Is(err, exportlog.ErrNoProof):
		t.damaged(err)
	case err != nil:
		return err
	default:
		t.covered = latest.Size
	}
	return nil
}
