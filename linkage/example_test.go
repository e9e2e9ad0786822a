package linkage_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/linkage"
)

// The way from an incident to proof.
func Example() {
	ctx := context.Background()
	a := promotes(ctx, "incident")
	defer a.Close()
	must(os.Chdir(samples)) // to where execution_events.jsonl is
	defer os.Chdir("../../../linkage")

	linker := linkage.New(a).WithResolver(linkage.EventFile("execution_events.jsonl")) // or your deploy tool
	link, err := linker.Bind(ctx, linkage.Divergence{
		Clue:             linkage.Clue{DeployID: "dep-7501-27"}, // or an artifact's digest, a time, a promotion_packet_id, a row
		IncidentTicketID: "INC-2888",
		Deltas: []linkage.Delta{{Field: "purchase_success", Recorded: "98.9%", Observed: "95.5%",
			Source: "live dashboard", ObservedAtUTC: time.Now()}},
		LinkOwnerAck: linkage.Ack{Role: linkage.IncidentCommander, Name: "on-call lead"},
	})
	proofs, err := linker.Prove(ctx, exportlog.Query{IncidentTicketID: "INC-2888"}) // packet, manifest, row, locks

	must(err)
	fmt.Println(link.IncidentTicketID, "is bound to", link.Export.PromotionPacketID)
	for _, step := range proofs[0].Steps {
		fmt.Println(step.Name, len(step.Checked), "checks")
	}
	// Output:
	// INC-2888 is bound to pp-20260811-PAYMENTS-0027
	// locate 2 checks
	// retrieve 2 checks
	// confirm 4 checks
}

// A scheduled job that rehearses, and fails when the SLA is missed: the report is Markdown,
// and os.Exit(report.ExitStatus()) ends it.
func ExampleLinker_Rehearse() {
	ctx := context.Background()
	a := promotes(ctx, "rehearsed")
	defer a.Close()

	report, err := linkage.New(a).Rehearse(ctx, linkage.Drill{PromotionPacketID: payments, SLA: 15 * time.Minute}) // or Choose: linkage.OldestRegulated
	must(err)
	fmt.Println("chosen:", report.Export.PromotionPacketID)
	for _, step := range report.Steps {
		fmt.Println(step.Name)
	}
	fmt.Println("exit status", report.ExitStatus())
	// Output:
	// chosen: pp-20260811-PAYMENTS-0027
	// open the log
	// locate the export
	// retrieve it by archive_uri
	// confirm content_integrity_reference
	// bind a mock incident
	// exit status 0
}

// A scheduled job that names the rollbacks and incidents that nobody has bound.
func ExampleLinker_Reconcile() {
	ctx := context.Background()
	a, _ := bound(ctx, "reconciled")
	defer a.Close()
	events := strings.NewReader(`{"type": "incident", "incident_ticket_id": "INC-2888", "promotion_packet_id": "pp-20260811-PAYMENTS-0027", "at_utc": "2026-08-11T09:53:00Z"}
{"type": "incident", "incident_ticket_id": "INC-2901", "promotion_packet_id": "pp-20260815-PAYMENTS-0044", "at_utc": "2026-08-15T12:10:00Z"}
`)

	for u, err := range linkage.New(a).Reconcile(ctx, linkage.ReadEvents(events)) {
		must(err)
		fmt.Println(u.Event.IncidentTicketID+":", u.Problem)
	}
	// Output:
	// INC-2901: incident INC-2901 is bound to no export
}

// Events go out when the sink is there to take them, from where they got to.
func ExampleLinker_Deliver() {
	ctx := context.Background()
	a, _ := bound(ctx, "delivered")
	defer a.Close()
	dir, err := os.MkdirTemp("", "cursor")
	must(err)
	defer os.RemoveAll(dir)
	receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer receiver.Close()

	linker, sink, cursor := linkage.New(a), linkage.HTTPSink{URL: receiver.URL}, linkage.FileCursor(dir+"/delivered")
	first, err := linker.Deliver(ctx, "https://evidence.example.com/release", sink, cursor)
	must(err)
	again, err := linker.Deliver(ctx, "https://evidence.example.com/release", sink, cursor)
	must(err)
	fmt.Println(first > 0, again)
	// Output: true 0
}

func ExampleCheckTemplate() {
	template := "Which packet? promotion_packet_id:\nIts batch: export_batch_id:\n"
	fmt.Println(linkage.CheckTemplate("incident.txt", strings.NewReader(template)))
	// Output:
	// incident.txt: the template is incomplete
	// incident.txt: export_row_id: it is not there; add:
	// export_row_id:
}

func ExampleSummary() {
	at := time.Date(2026, 8, 11, 9, 53, 0, 0, time.UTC)
	fmt.Println(linkage.Summary([]linkage.Delta{
		{Field: "purchase_success", Recorded: "98.9%", Observed: "95.5%", Source: "incident INC-2888", ObservedAtUTC: at},
		{Field: "crash_free_sessions", Recorded: "99.6%", Observed: "92.4%", Source: "incident INC-2888", ObservedAtUTC: at},
	}, "Android only, so far."))
	// Output:
	// crash_free_sessions: recorded "99.6%", observed "92.4%" at 2026-08-11T09:53:00Z ("incident INC-2888")
	// purchase_success: recorded "98.9%", observed "95.5%" at 2026-08-11T09:53:00Z ("incident INC-2888")
	// Android only, so far.
}

// The README shows the example's own lines.
func TestREADMEShowsTheExample(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(source), "\n\n\tlinker := ")
	snippet, _, _ := strings.Cut("\tlinker := "+rest, "\n\n")
	if snippet = strings.ReplaceAll("\n"+snippet, "\n\t", "\n"); !strings.Contains(string(readme), snippet) {
		t.Errorf("the README does not show:%s", snippet)
	}
}
