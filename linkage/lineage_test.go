package linkage_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/linkage"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// chronicle is an archive in memory whose clock a test sets.
type chronicle struct {
	*archive.Archive
	bucket *memworm.Bucket
	now    time.Time
}

func newChronicle(t testing.TB) *chronicle {
	t.Helper()
	signer, err := manifest.CreateKey(t.TempDir() + "/key")
	if err != nil {
		t.Fatal(err)
	}
	return openChronicle(t, memworm.New(), signer, logKey(t))
}

func openChronicle(t testing.TB, bucket *memworm.Bucket, signer *manifest.Signer, key *exportlog.CheckpointKey) *chronicle {
	t.Helper()
	c := &chronicle{bucket: bucket, now: at("2026-08-11T00:00:00Z")}
	c.Archive = over(t, bucket, archive.Config{
		Policy: everything(t), Signer: signer, Operator: "release-ops/pipeline-42", Checkpoints: key,
		Clock: func() time.Time { return c.now },
	})
	return c
}

func logKey(t testing.TB) *exportlog.CheckpointKey {
	t.Helper()
	private, public, err := note.GenerateKey(nil, "evidence.example.com/release")
	if err != nil {
		t.Fatal(err)
	}
	key, err := exportlog.NewCheckpointKey(private, public)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func at(text string) time.Time {
	when, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return when
}

// register returns the sample register's packets by id.
func register(t testing.TB) map[string]archive.Packet {
	t.Helper()
	f, err := os.Open(samples + "promotion_decision_packet.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	packets, err := archive.ReadCSV(f)
	if err != nil {
		t.Fatal(err)
	}
	byID := map[string]archive.Packet{}
	for _, p := range packets {
		byID[p.Header.PromotionPacketID] = p
	}
	return byID
}

func (c *chronicle) export(t testing.TB, when string, p archive.Packet) archive.Receipt {
	t.Helper()
	c.now = at(when)
	r, err := c.Export(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (c *chronicle) append(t testing.TB, when string, r exportlog.Row) exportlog.Row {
	t.Helper()
	c.now = at(when)
	r.IdempotencyKey = fmt.Sprint(r.Kind, when)
	appended, err := c.Log().Append(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return appended[0].Row
}

func eventStream(t testing.TB) iter.Seq2[linkage.Event, error] {
	t.Helper()
	return all(sampleEvents(t)...)
}

func exhibit(name, content string) archive.Exhibit {
	return archive.Exhibit{Name: name, Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil }}
}

// paymentsWentWrong tells the sample incident on payments from the decision to a
// correction made long after.
func paymentsWentWrong(t testing.TB) (*chronicle, archive.Receipt) {
	t.Helper()
	c := newChronicle(t)
	p := register(t)[payments].With(exhibit("scorecard.pdf", "%PDF-1.4 all gates green"), exhibit("reviewer notes.md", "one yellow window\n"))
	r := c.export(t, "2026-08-11T06:55:00Z", p)
	c.append(t, "2026-08-11T10:45:00Z", linkRowOf(r, linkage.Summary([]linkage.Delta{
		{Field: "crash_free_sessions", Recorded: "99.6%", Observed: "92.4%", Source: "incident INC-2888", ObservedAtUTC: at("2026-08-11T09:53:00Z")},
		{Field: "purchase_success", Recorded: "98.9%", Observed: "95.5%", Source: "incident INC-2888", ObservedAtUTC: at("2026-08-11T09:53:00Z")},
	}, "Purchases on older devices fail at the payment sheet. The canary had none of these devices.")))
	c.append(t, "2026-08-12T08:00:00Z", exportlog.Row{Kind: exportlog.KindHold, SubjectExportRowID: r.ExportRowID, PromotionPacketID: payments,
		MatterID: "M-2026-014", Reason: "refund claims expected", ExportOperatorAck: "legal/duty-counsel"})
	c.append(t, "2026-08-20T09:30:00Z", exportlog.Row{Kind: exportlog.KindCorrection, CorrectionOfExportRowID: r.ExportRowID, PromotionPacketID: payments,
		ExportOperatorAck: "release-ops/pipeline-43", Reason: "the pipeline was renamed"})
	return c, r
}

func linkRowOf(r archive.Receipt, summary string) exportlog.Row {
	return exportlog.Row{
		Kind: exportlog.KindLink, SubjectExportRowID: r.ExportRowID, PromotionPacketID: r.PromotionPacketID,
		ExportBatchID: r.ExportBatchID, ArchiveURI: r.ArchiveURI, ContentIntegrityReference: r.ContentIntegrityReference,
		IncidentTicketID: "INC-2888", RollbackEventID: "rb-7501-27", DivergenceSummary: summary, LinkOwnerAck: ack.String(),
	}
}

func kinds(l linkage.Lineage) string {
	var all []string
	for _, m := range l.Moments {
		all = append(all, m.Kind)
	}
	return strings.Join(all, " ")
}

func gaps(l linkage.Lineage) []linkage.GapKind {
	var all []linkage.GapKind
	for _, g := range l.Gaps {
		all = append(all, g.Kind)
	}
	return all
}

func lineage(t testing.TB, c *chronicle, s linkage.Story) linkage.Lineage {
	t.Helper()
	l, err := linkage.New(c.Archive).Lineage(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// From whichever end it is asked for, the story is the same.
func TestLineageOfAnIncident(t *testing.T) {
	c, r := paymentsWentWrong(t)
	if _, err := c.Log().Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := "decision export deploy incident rollback link hold correction"
	for _, s := range []linkage.Story{
		{PromotionPacketID: payments}, {ExportRowID: r.ExportRowID}, {IncidentTicketID: "INC-2888"}, {RollbackEventID: "rb-7501-27"}, {ReleaseCycleID: "rc-2026-33"},
	} {
		s.Events = eventStream(t)
		l := lineage(t, c, s)
		if got := kinds(l); got != want {
			t.Errorf("%s: %s", l.Of, got)
		}
		if got := gaps(l); !slices.Equal(got, []linkage.GapKind{linkage.GapCorrectionAfter}) {
			t.Errorf("%s: gaps %v", l.Of, l.Gaps)
		}
		x := l.Exports[0]
		if len(x.Observed) != 2 || x.Observed[0].Observed != "92.4%" || x.Observed[0].ExportRowID != 2 || len(x.Said) != 1 || !x.Held || len(x.Exhibits) != 2 {
			t.Errorf("%s: observed %+v, said %+v", l.Of, x.Observed, x.Said)
		}
		if i := slices.IndexFunc(x.Believed, func(b linkage.Belief) bool { return b.Field == "closure_reliability_state" }); i < 0 || x.Believed[i].Value == "" {
			t.Errorf("%s: believed %+v", l.Of, x.Believed)
		}
	}
}

// Without events the log's side is told, and no gap is claimed that only events show.
func TestLineageWithoutEvents(t *testing.T) {
	c, _ := paymentsWentWrong(t)
	l := lineage(t, c, linkage.Story{IncidentTicketID: "INC-2888"})
	if kinds(l) != "decision export link hold correction" || !slices.Equal(gaps(l), []linkage.GapKind{linkage.GapNoCheckpoint}) {
		t.Errorf("%s, %v", kinds(l), l.Gaps)
	}
}

// Each gap is named where it is, and nowhere else.
func TestLineageNamesGaps(t *testing.T) {
	packet := register(t)[payments]
	deploy := `{"type": "deploy", "at_utc": "2026-08-11T07:02:00Z", "deploy_id": "d-1", "promotion_packet_id": "` + payments + `"}` + "\n"
	incident := `{"type": "incident", "at_utc": "2026-08-11T09:53:00Z", "incident_ticket_id": "INC-1", "promotion_packet_id": "` + payments + `"}` + "\n"
	for name, c := range map[string]struct {
		exported, events string
		prepare          func(c *chronicle, r archive.Receipt)
		want             []linkage.GapKind
	}{
		"none":              {"2026-08-11T06:55:00Z", deploy, nil, nil},
		"no deploy":         {"2026-08-11T06:55:00Z", "\n", nil, []linkage.GapKind{linkage.GapNoDeploy}},
		"no link":           {"2026-08-11T06:55:00Z", deploy + incident, nil, []linkage.GapKind{linkage.GapUnlinkedIncident}},
		"no rollback link":  {"2026-08-11T06:55:00Z", deploy + `{"type": "rollback", "at_utc": "2026-08-11T10:00:00Z", "rollback_event_id": "rb-1", "promotion_packet_id": "` + payments + `"}`, nil, []linkage.GapKind{linkage.GapUnlinkedRollback}},
		"exported late":     {"2026-08-12T06:55:01Z", deploy, nil, []linkage.GapKind{linkage.GapLateExport, linkage.GapDeployedEarly}},
		"exported after it": {"2026-08-11T10:55:00Z", deploy + incident, nil, []linkage.GapKind{linkage.GapUnlinkedIncident, linkage.GapLateExport, linkage.GapDeployedEarly, linkage.GapExportAfter}},
		"deployed before decided": {"2026-08-11T06:55:00Z", strings.Replace(deploy, "T07", "T01", 1), nil,
			[]linkage.GapKind{linkage.GapDeployedUndecided, linkage.GapDeployedEarly}},
		"another artifact": {"2026-08-11T06:55:00Z", strings.Replace(deploy, "}", `, "artifact": "oci://registry.example/other@sha256:00"}`, 1), nil, []linkage.GapKind{linkage.GapOtherArtifact}},
		"recorded otherwise": {"2026-08-11T06:55:00Z", deploy + strings.Replace(incident, "}", `, "deltas": [{"field": "closure_reliability_state", "recorded": "red", "observed": "worse"}]}`, 1), nil,
			[]linkage.GapKind{linkage.GapRecordedDiffers, linkage.GapUnlinkedIncident}},
		"a link nobody saw": {"2026-08-11T06:55:00Z", deploy, func(c *chronicle, r archive.Receipt) { c.append(t, "2026-08-11T11:00:00Z", linkRowOf(r, "broke")) },
			[]linkage.GapKind{linkage.GapUnseenDivergence, linkage.GapUnseenDivergence}},
		"exported again": {"2026-08-11T06:55:00Z", deploy, func(c *chronicle, r archive.Receipt) {
			c.export(t, "2026-08-11T07:00:00Z", packet.With(exhibit("more.md", "more")))
		}, []linkage.GapKind{linkage.GapReexported}},
		"tampered with": {"2026-08-11T06:55:00Z", deploy, func(c *chronicle, r archive.Receipt) { spoil(t, c, r) }, []linkage.GapKind{linkage.GapUnverified}},
	} {
		t.Run(name, func(t *testing.T) {
			a := newChronicle(t)
			r := a.export(t, c.exported, packet)
			if c.prepare != nil {
				c.prepare(a, r)
			}
			if _, err := a.Log().Checkpoint(t.Context()); err != nil {
				t.Fatal(err)
			}
			l := lineage(t, a, linkage.Story{PromotionPacketID: payments, Events: linkage.ReadEvents(strings.NewReader(c.events))})
			if !slices.Equal(gaps(l), c.want) {
				t.Errorf("gaps %+v, want %v", l.Gaps, c.want)
			}
		})
	}
}

// spoil changes the packet behind its export's back.
func spoil(t testing.TB, c *chronicle, r archive.Receipt) {
	t.Helper()
	key := "packets/" + payments + "/" + r.PacketSHA256.String() + "/packet.csv"
	if err := c.bucket.Tamper(key, []byte("promotion_packet_id\nanother\n")); err != nil {
		t.Fatal(err)
	}
}

// Production knows a packet that the archive does not: that is the story.
func TestLineageOfWhatWasNeverExported(t *testing.T) {
	c, _ := paymentsWentWrong(t)
	l := lineage(t, c, linkage.Story{IncidentTicketID: "INC-2254", Events: eventStream(t)})
	if len(l.Exports) != 0 || kinds(l) != "deploy incident rollback" || !slices.Contains(gaps(l), linkage.GapNotExported) {
		t.Errorf("%s, %+v", kinds(l), l.Gaps)
	}
}

func TestLineageRefuses(t *testing.T) {
	c, _ := paymentsWentWrong(t)
	for name, s := range map[string]linkage.Story{"nothing": {}, "two": {ExportRowID: 1, PromotionPacketID: payments}, "a row below one": {ExportRowID: -1}} {
		if _, err := linkage.New(c.Archive).Lineage(t.Context(), s); !errors.Is(err, linkage.ErrBadStory) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, s := range map[string]linkage.Story{"a packet": {PromotionPacketID: "pp-unknown"}, "a link's row": {ExportRowID: 2}, "a cycle": {ReleaseCycleID: "rc-1"}} {
		if _, err := linkage.New(c.Archive).Lineage(t.Context(), s); !errors.Is(err, linkage.ErrNotLocated) {
			t.Errorf("%s: %v", name, err)
		}
	}
	bad := linkage.Story{PromotionPacketID: payments, Events: linkage.ReadEvents(strings.NewReader("{"))}
	if _, err := linkage.New(c.Archive).Lineage(t.Context(), bad); !errors.Is(err, linkage.ErrBadEvent) {
		t.Errorf("an event that cannot be read: %v", err)
	}
}

// A release cycle is read from the packets, within the time given.
func TestLineageOfAReleaseCycle(t *testing.T) {
	a, _ := exported(t)
	l, err := linkage.New(a).Lineage(t.Context(), linkage.Story{ReleaseCycleID: "rc-2026-34", Events: eventStream(t)})
	if err != nil || len(l.Exports) != 12 {
		t.Fatalf("%d exports, %v", len(l.Exports), err)
	}
	for _, x := range l.Exports {
		if !slices.Contains(x.Believed, linkage.Belief{Field: "release_cycle_id", Value: "rc-2026-34"}) {
			t.Errorf("row %d is of another cycle", x.ExportRowID)
		}
	}
	c := newChronicle(t)
	for i, id := range []string{"pp-20260811-PAYMENTS-0027", "pp-20260812-matchmaking-0032", "pp-20260813-loot-tables-0033"} {
		c.export(t, fmt.Sprintf("2026-08-2%dT00:00:00Z", i), register(t)[id])
	}
	l = lineage(t, c, linkage.Story{ReleaseCycleID: "rc-2026-33", FromUTC: at("2026-08-20T12:00:00Z"), UntilUTC: at("2026-08-21T12:00:00Z")})
	if len(l.Exports) != 1 || l.Exports[0].PromotionPacketID != "pp-20260812-matchmaking-0032" {
		t.Errorf("exports %+v", l.Exports)
	}
}

// What is written as JSON is read back whole.
func TestLineageAsJSON(t *testing.T) {
	c, _ := paymentsWentWrong(t)
	l := lineage(t, c, linkage.Story{PromotionPacketID: payments, Events: eventStream(t)})
	var b bytes.Buffer
	if err := l.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	var back linkage.Lineage
	if err := json.Unmarshal(b.Bytes(), &back); err != nil || len(back.Moments) != len(l.Moments) || back.Exports[0].Observed[1] != l.Exports[0].Observed[1] {
		t.Errorf("%v: %s", err, b.String())
	}
}
