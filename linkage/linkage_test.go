package linkage_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/linkage"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

const samples = "../archive/testdata/packets/"

// exported opens an archive in memory with the sample register in it.
func exported(t testing.TB) (*archive.Archive, *memworm.Bucket) {
	t.Helper()
	signer, err := manifest.CreateKey(t.TempDir() + "/key")
	if err != nil {
		t.Fatal(err)
	}
	b := memworm.New()
	store, err := worm.New(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	a, err := archive.OpenStore(store, archive.Config{
		Policy: archive.Policy{Decisions: map[string]archive.Admission{"promote": archive.Accept, "hold": archive.Accept, "cancelled": archive.Accept}},
		Signer: signer, Operator: "release-ops/test",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	f, err := os.Open(samples + "promotion_decision_packet.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	packets, err := archive.ReadCSV(f)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.ExportBatch(t.Context(), packets); err != nil {
		t.Fatal(err)
	}
	return a, b
}

const payments = "pp-20260811-PAYMENTS-0027"

var ack = linkage.Ack{Role: linkage.IncidentCommander, Name: "on-call lead"}

func divergence() linkage.Divergence {
	return linkage.Divergence{PromotionPacketID: payments, RollbackEventID: "rb-1", IncidentTicketID: "INC-1", DivergenceSummary: "it broke", LinkOwnerAck: ack}
}

// What happened after the sample promotes is bound to them, and found again from
// either end.
func TestBindWhatHappened(t *testing.T) {
	a, _ := exported(t)
	linker := linkage.New(a)
	events, err := os.ReadFile(samples + "execution_events.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	bound := 0
	for line := range bytes.Lines(events) {
		var e struct {
			Type              string `json:"type"`
			PromotionPacketID string `json:"promotion_packet_id"`
			IncidentTicketID  string `json:"incident_ticket_id"`
			RollbackEventID   string `json:"rollback_event_id"`
		}
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		if e.Type == "deploy" {
			continue
		}
		bound++
		d := linkage.Divergence{
			PromotionPacketID: e.PromotionPacketID, IncidentTicketID: e.IncidentTicketID, RollbackEventID: e.RollbackEventID,
			DivergenceSummary: string(line), LinkOwnerAck: ack,
		}
		link, err := linker.Bind(t.Context(), d)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if link.AlreadyBound || link.PromotionPacketID != e.PromotionPacketID || link.SubjectExportRowID != link.Export.ExportRowID ||
			link.ArchiveURI != link.Export.ArchiveURI || link.ContentIntegrityReference != link.Export.ContentIntegrityReference || link.LinkOwnerAck != "incident-commander: on-call lead" {
			t.Errorf("link %+v", link.Row)
		}
		located, err := linker.Locate(t.Context(), exportlog.Query{IncidentTicketID: e.IncidentTicketID, RollbackEventID: e.RollbackEventID})
		if err != nil || located.Export.SHA256() != link.Export.SHA256() {
			t.Errorf("located row %d (%v), want %d", located.Export.ExportRowID, err, link.Export.ExportRowID)
		}
		if !slices.ContainsFunc(located.Links, func(r exportlog.Row) bool { return r.ExportRowID == link.ExportRowID }) {
			t.Errorf("the link is not among those of its export: %+v", located.Links)
		}
	}
	if bound != 8 {
		t.Errorf("%d events were bound, want 8", bound)
	}
	if _, err := a.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestBindIsIdempotent(t *testing.T) {
	a, _ := exported(t)
	first, err := linkage.New(a).Bind(t.Context(), divergence())
	if err != nil {
		t.Fatal(err)
	}
	d := divergence()
	d.DivergenceSummary = "said differently now"
	again, err := linkage.New(a).Bind(t.Context(), d)
	if err != nil || !again.AlreadyBound || again.SHA256() != first.SHA256() {
		t.Errorf("again: %+v, %v", again, err)
	}
	d.RollbackEventID = "rb-2"
	if other, err := linkage.New(a).Bind(t.Context(), d); err != nil || other.AlreadyBound {
		t.Errorf("another rollback: %+v, %v", other, err)
	}
}

func TestBindRefuses(t *testing.T) {
	a, _ := exported(t)
	for name, c := range map[string]struct {
		spoil func(d *linkage.Divergence)
		want  error
	}{
		"no acknowledgement": {func(d *linkage.Divergence) { d.LinkOwnerAck = linkage.Ack{} }, linkage.ErrNotAcknowledged},
		"by nobody":          {func(d *linkage.Divergence) { d.LinkOwnerAck.Name = "  " }, linkage.ErrNotAcknowledged},
		"by somebody else":   {func(d *linkage.Divergence) { d.LinkOwnerAck.Role = "intern" }, linkage.ErrNotAcknowledged},
		"no summary":         {func(d *linkage.Divergence) { d.DivergenceSummary = "\n" }, linkage.ErrBadDivergence},
		"a summary too long": {func(d *linkage.Divergence) { d.DivergenceSummary = strings.Repeat("x", linkage.MaxSummaryBytes+1) }, linkage.ErrBadDivergence},
		"invalid UTF-8":      {func(d *linkage.Divergence) { d.DivergenceSummary = "\xff" }, linkage.ErrBadDivergence},
		"no event":           {func(d *linkage.Divergence) { d.RollbackEventID, d.IncidentTicketID = "", "" }, linkage.ErrBadDivergence},
		"event with newline": {func(d *linkage.Divergence) { d.RollbackEventID = "rb\n1" }, linkage.ErrBadDivergence},
		"event too long":     {func(d *linkage.Divergence) { d.IncidentTicketID = strings.Repeat("x", linkage.MaxIDBytes+1) }, linkage.ErrBadDivergence},
		"no export":          {func(d *linkage.Divergence) { d.PromotionPacketID = "" }, linkage.ErrBadDivergence},
		"row below one":      {func(d *linkage.Divergence) { d.ExportRowID = -1 }, linkage.ErrBadDivergence},
		"unknown packet":     {func(d *linkage.Divergence) { d.PromotionPacketID = "pp-unknown" }, linkage.ErrNotLocated},
		"unknown row":        {func(d *linkage.Divergence) { d.ExportRowID = 999 }, linkage.ErrNotLocated},
		"row of another":     {func(d *linkage.Divergence) { d.ExportRowID = 1 }, linkage.ErrNotLocated},
		"a batch of sixty":   {func(d *linkage.Divergence) { d.PromotionPacketID, d.ExportBatchID = "", batchOf(t, a) }, linkage.ErrAmbiguous},
	} {
		d := divergence()
		c.spoil(&d)
		if _, err := linkage.New(a).Bind(t.Context(), d); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	head, err := a.Log().Head(t.Context())
	if err != nil || head.Size != 60 {
		t.Errorf("the log has %d rows (%v), and should have the 60 exports alone", head.Size, err)
	}
}

func batchOf(t *testing.T, a *archive.Archive) string {
	t.Helper()
	rows, err := a.Log().Find(t.Context(), exportlog.Query{ExportRowID: 1})
	if err != nil {
		t.Fatal(err)
	}
	return rows[0].ExportBatchID
}

// Of two exports under one id, nobody guesses which was meant.
func TestAmbiguousPacket(t *testing.T) {
	a, _ := exported(t)
	p, err := archive.ParseJSON(fmt.Appendf(nil, `{"promotion_packet_id": %q, "promotion_decision": "promote", "promotion_decision_at_utc": "2026-08-11T08:00:00Z"}`, payments))
	if err != nil {
		t.Fatal(err)
	}
	second, err := a.Export(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	linker := linkage.New(a)
	_, err = linker.Bind(t.Context(), divergence())
	var ambiguous *linkage.AmbiguousError
	if !errors.As(err, &ambiguous) || len(ambiguous.Candidates) != 2 || ambiguous.Candidates[1].ExportRowID != second.ExportRowID {
		t.Fatalf("bind: %v", err)
	}
	d := divergence()
	d.ExportRowID = second.ExportRowID
	if link, err := linker.Bind(t.Context(), d); err != nil || link.SubjectExportRowID != second.ExportRowID {
		t.Errorf("bind by row: %+v, %v", link, err)
	}
	if _, err := linker.Rehearse(t.Context(), linkage.Drill{PromotionPacketID: payments}); !errors.Is(err, linkage.ErrAmbiguous) {
		t.Errorf("rehearse: %v", err)
	}
	if r, err := linker.Rehearse(t.Context(), linkage.Drill{PromotionPacketID: payments, ExportRowID: second.ExportRowID}); err != nil || r.Export.ExportRowID != second.ExportRowID {
		t.Errorf("rehearse by row: %+v, %v", r, err)
	}
}

// A rehearsal reports each step against the SLA and leaves no trace.
func TestRehearse(t *testing.T) {
	a, b := exported(t)
	before := objects(t, b)
	r, err := linkage.New(a).Rehearse(t.Context(), linkage.Drill{PromotionPacketID: payments, SLA: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	var sum time.Duration
	var names []string
	for _, s := range r.Steps {
		sum += s.Took
		names = append(names, s.Name)
		if s.Took < 0 || s.Detail == "" {
			t.Errorf("step %+v", s)
		}
	}
	if want := []string{"locate the export", "retrieve it by archive_uri", "confirm content_integrity_reference", "bind a mock incident"}; !slices.Equal(names, want) {
		t.Errorf("steps %q, want %q", names, want)
	}
	if r.Total != sum || r.SLA != time.Minute || r.WithinSLA() != (sum <= time.Minute) {
		t.Errorf("total %s of %s, steps come to %s", r.Total, r.SLA, sum)
	}
	if r.Export.PromotionPacketID != payments || r.Link.SubjectExportRowID != r.Export.ExportRowID || r.Link.Kind != exportlog.KindLink {
		t.Errorf("export %+v, link %+v", r.Export, r.Link)
	}
	if after := objects(t, b); after != before {
		t.Errorf("the bucket had %d objects, and has %d", before, after)
	}
	if (linkage.Rehearsal{Total: 2, SLA: 1}).WithinSLA() {
		t.Error("twice the SLA is within it")
	}
}

func objects(t *testing.T, b *memworm.Bucket) (n int) {
	t.Helper()
	for _, err := range b.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// A rehearsal over harmed evidence fails at the step that sees it.
func TestRehearseOverHarm(t *testing.T) {
	for name, c := range map[string]struct {
		harm func(b *memworm.Bucket, r exportlog.Row) error
		step string
		done int
	}{
		"packet edited": {func(b *memworm.Bucket, r exportlog.Row) error { return b.Tamper(documentOf(r), []byte("x")) }, "retrieve", 1},
		"manifest lost": {func(b *memworm.Bucket, r exportlog.Row) error {
			return b.Drop("manifests/" + r.ExportBatchID + "/" + strings.TrimPrefix(r.ContentIntegrityReference, "sha256:") + ".sigstore.json")
		}, "retrieve", 1},
		"packet hidden": {func(b *memworm.Bucket, r exportlog.Row) error { b.Hide(documentOf(r)); return nil }, "confirm", 2},
	} {
		a, b := exported(t)
		linker := linkage.New(a)
		located, err := linker.Locate(t.Context(), exportlog.Query{PromotionPacketID: payments})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.harm(b, located.Export); err != nil {
			t.Fatal(err)
		}
		r, err := linker.Rehearse(t.Context(), linkage.Drill{PromotionPacketID: payments})
		if err == nil || !strings.Contains(err.Error(), c.step) || len(r.Steps) != c.done {
			t.Errorf("%s: %v after %d steps", name, err, len(r.Steps))
		}
	}
}

func documentOf(r exportlog.Row) string {
	return fmt.Sprintf("packets/%s/%s/packet.csv", r.PromotionPacketID, r.PacketSHA256)
}

// A log damaged in one place still leads to what is intact, and says so.
func TestLocateInADamagedLog(t *testing.T) {
	a, b := exported(t)
	linker := linkage.New(a)
	if _, err := linker.Bind(t.Context(), divergence()); err != nil {
		t.Fatal(err)
	}
	d := divergence()
	d.IncidentTicketID, d.RollbackEventID = "INC-2", ""
	if _, err := linker.Bind(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if err := b.Tamper("log/commits/000/000/000/002.jsonl", []byte("{}\n")); err != nil {
		t.Fatal(err)
	}
	store, err := worm.New(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := archive.OpenStore(store, archive.Config{})
	if err != nil {
		t.Fatal(err)
	}
	located, err := linkage.New(fresh).Locate(t.Context(), exportlog.Query{IncidentTicketID: "INC-2"})
	if err != nil || located.Export.PromotionPacketID != payments || !errors.Is(located.Damage, exportlog.ErrDamaged) {
		t.Errorf("located %+v, %v", located, err)
	}
	if _, err := linkage.New(fresh).Bind(t.Context(), divergence()); !errors.Is(err, exportlog.ErrDamaged) {
		t.Errorf("bound in a damaged log: %v", err)
	}
}
