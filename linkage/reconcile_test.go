package linkage_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/linkage"
)

// divergences are the events that are to be bound.
func divergences(events []linkage.Event) []linkage.Event {
	return slices.DeleteFunc(slices.Clone(events), func(e linkage.Event) bool { return e.Type == linkage.EventDeploy })
}

func unlinked(t *testing.T, l *linkage.Linker, events []linkage.Event) []linkage.Unlinked {
	t.Helper()
	var found []linkage.Unlinked
	for u, err := range l.Reconcile(t.Context(), all(events...)) {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, u)
	}
	return found
}

// Everything that happened is bound to the right row; then nothing floats free. Without
// three of the links, exactly those three do.
func TestEverythingThatHappenedIsBound(t *testing.T) {
	events := sampleEvents(t)
	happened := divergences(events)
	for name, left := range map[string][]int{"none": {}, "three": {1, 4, 7}} {
		a, _ := exported(t)
		linker := linkage.New(a).WithResolver(linkage.EventFile(samples + "execution_events.jsonl"))
		if n := len(unlinked(t, linker, events)); n != len(happened) || n != 8 {
			t.Errorf("%d of %d events float free before any is bound", n, len(happened))
		}
		var want []string
		for i, e := range happened {
			if slices.Contains(left, i) {
				want = append(want, e.IncidentTicketID+e.RollbackEventID)
				continue
			}
			bindRight(t, linker, e)
		}
		var floating []string
		for _, u := range unlinked(t, linker, events) {
			if !u.Floats() || u.Problem == "" {
				t.Errorf("%+v", u)
			}
			floating = append(floating, u.Event.IncidentTicketID+u.Event.RollbackEventID)
		}
		if !slices.Equal(floating, want) {
			t.Errorf("leaving out %s: %q float free, want %q", name, floating, want)
		}
	}
}

// bindRight binds an event by its packet, and by its deploy alone where it has one, and
// looks whether the row is the packet's.
func bindRight(t *testing.T, l *linkage.Linker, e linkage.Event) {
	t.Helper()
	link, err := l.Bind(t.Context(), e.Divergence(ack))
	if err != nil {
		t.Fatalf("%+v: %v", e, err)
	}
	if link.AlreadyBound || link.Export.Kind != exportlog.KindExport || link.Export.PromotionPacketID != e.PromotionPacketID || link.SubjectExportRowID != link.Export.ExportRowID ||
		link.ArchiveURI != link.Export.ArchiveURI || link.ContentIntegrityReference != link.Export.ContentIntegrityReference || link.LinkOwnerAck != "incident-commander: on-call lead" {
		t.Errorf("link %+v", link.Row)
	}
	deltas, text := linkage.ParseSummary(link.DivergenceSummary)
	if e.Type == linkage.EventIncident && (len(deltas) != 2 || text != "" || deltas[0].Field != "crash_free_sessions" || deltas[0].Recorded != "99.6%") {
		t.Errorf("the summary states %+v and %q", deltas, text)
	}
	if e.DeployID == "" {
		return
	}
	e.PromotionPacketID = ""
	if again, err := l.Bind(t.Context(), e.Divergence(ack)); err != nil || !again.AlreadyBound || again.ExportRowID != link.ExportRowID {
		t.Errorf("by its deploy: %+v, %v", again, err)
	}
}

func TestReconcileSeesWhatDiffers(t *testing.T) {
	a, _ := exported(t)
	l := linkage.New(a)
	link, err := l.Bind(t.Context(), divergence())
	if err != nil {
		t.Fatal(err)
	}
	rollback := linkage.Event{Type: linkage.EventRollback, RollbackEventID: "rb-1", PromotionPacketID: payments}
	other := rollback
	other.PromotionPacketID = "pp-other"
	nameless := linkage.Event{Type: linkage.EventRollback}
	resolved := linkage.Event{Type: linkage.EventResolved, IncidentTicketID: "INC-unknown"}
	found := unlinked(t, l, []linkage.Event{rollback, other, nameless, resolved})
	if len(found) != 2 || found[0].Floats() || found[0].Links[0].ExportRowID != link.ExportRowID || !strings.Contains(found[0].Problem, "pp-other") || !found[1].Floats() {
		t.Errorf("found %+v", found)
	}

	correct(t, a.Log(), exportlog.Row{CorrectionOfExportRowID: link.ExportRowID, PromotionPacketID: payments, RollbackEventID: "rb-7"})
	moved := rollback
	moved.RollbackEventID = "rb-7"
	if found := unlinked(t, l, []linkage.Event{rollback, moved}); len(found) != 1 || found[0].Event.RollbackEventID != "rb-1" {
		t.Errorf("after the rollback was corrected: %+v", found)
	}
	if located, err := l.Locate(t.Context(), exportlog.Query{RollbackEventID: "rb-7"}); err != nil || located.Export.ExportRowID != link.SubjectExportRowID {
		t.Errorf("located by the corrected id: %+v, %v", located.Export, err)
	}
	if proofs, err := l.Prove(t.Context(), exportlog.Query{RollbackEventID: "rb-7"}); err != nil || len(proofs) != 1 || proofs[0].Export.ExportRowID != link.SubjectExportRowID {
		t.Errorf("proved by the corrected id: %d proofs, %v", len(proofs), err)
	}
	correct(t, a.Log(), exportlog.Row{CorrectionOfExportRowID: link.ExportRowID, PromotionPacketID: payments, ClearedFields: []string{"rollback_event_id"}})
	if found := unlinked(t, l, []linkage.Event{rollback}); len(found) != 1 {
		t.Errorf("after it was cleared: %+v", found)
	}
}

func correct(t *testing.T, log *exportlog.Log, r exportlog.Row) {
	t.Helper()
	r.Kind, r.IdempotencyKey, r.Reason = exportlog.KindCorrection, fmt.Sprintf("correct %+v", r), "mistyped"
	if _, err := log.Append(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

// What cannot be read is said, and the rest is compared all the same.
func TestReconcileGoesOn(t *testing.T) {
	a, _ := exported(t)
	l := linkage.New(a)
	lines := strings.Repeat(`{"type":"incident","at_utc":"2026-08-11T09:53:00Z","incident_ticket_id":"INC-9"}`+"\n", 40)
	var floats, errs int
	for _, err := range l.Reconcile(t.Context(), linkage.ReadEvents(strings.NewReader(lines+"{\n"+lines))) {
		if errors.Is(err, linkage.ErrBadEvent) {
			errs++
		} else if floats++; errs == 0 && floats > 40 {
			t.Fatal("the bad line was passed over")
		}
	}
	if floats != 80 || errs != 1 {
		t.Errorf("%d float, %d errors", floats, errs)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
}
