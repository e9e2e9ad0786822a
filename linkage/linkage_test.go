package linkage_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/linkage"
	"github.com/holdfast-archive/holdfast/retention/policy"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
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
	store := wormtest.Store(t, b)
	a, err := archive.OpenStore(store, archive.Config{
		Policy: everything(t),
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
		"by two at once":     {func(d *linkage.Divergence) { d.LinkOwnerAck.Role = "release-ops/x" }, linkage.ErrNotAcknowledged},
		"a drill":            {func(d *linkage.Divergence) { d.IncidentTicketID = "DRILL-1" }, linkage.ErrBadDivergence},
		"no resolver":        {func(d *linkage.Divergence) { d.Clue.DeployID = "dep-1" }, linkage.ErrBadDivergence},
		"no source": {func(d *linkage.Divergence) {
			d.Deltas = []linkage.Delta{{Field: "f", Observed: "1", ObservedAtUTC: time.Now()}}
		}, linkage.ErrBadDivergence},
		"no time": {func(d *linkage.Divergence) { d.Deltas = []linkage.Delta{{Field: "f", Observed: "1", Source: "s"}} }, linkage.ErrBadDivergence},
		"no difference": {func(d *linkage.Divergence) {
			d.Deltas = []linkage.Delta{{Field: "f", Source: "s", ObservedAtUTC: time.Now()}}
		}, linkage.ErrBadDivergence},
		"two lines in one": {func(d *linkage.Divergence) {
			d.Deltas = []linkage.Delta{{Field: "f", Observed: "1\n2", Source: "s", ObservedAtUTC: time.Now()}}
		}, linkage.ErrBadDivergence},
		"too many deltas":    {func(d *linkage.Divergence) { d.Deltas = make([]linkage.Delta, linkage.MaxDeltas+1) }, linkage.ErrBadDivergence},
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

// everything is the policy that exports whatever was decided.
func everything(t testing.TB) *policy.Policy {
	t.Helper()
	f := policy.Default().File()
	f.Decisions = map[string]policy.Requirement{"promote": policy.Mandatory, "hold": policy.Optional, "cancelled": policy.Optional}
	p, err := policy.New(f)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
