package linkage_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/linkage"
)

// The way from an incident to proof.
func Example() {
	ctx := context.Background()
	var a *archive.Archive // see archive.Open
	if a == nil {
		return
	}

	linker := linkage.New(a).WithResolver(linkage.EventFile("execution_events.jsonl")) // or your deploy tool
	link, err := linker.Bind(ctx, linkage.Divergence{
		Clue:             linkage.Clue{DeployID: "dep-7501-27"}, // or an artifact's digest, a time, a promotion_packet_id, a row
		IncidentTicketID: "INC-2888",
		Deltas: []linkage.Delta{{Field: "purchase_success", Recorded: "98.9%", Observed: "95.5%",
			Source: "live dashboard", ObservedAtUTC: time.Now()}},
		LinkOwnerAck: linkage.Ack{Role: linkage.IncidentCommander, Name: "on-call lead"},
	})
	proofs, err := linker.Prove(ctx, exportlog.Query{IncidentTicketID: "INC-2888"}) // packet, manifest, row, locks

	fmt.Println(link.Export.ArchiveURI, proofs[0].Document, proofs[0].Steps, err)
}

// A scheduled job that rehearses, and fails when the SLA is missed.
func ExampleLinker_Rehearse() {
	var a *archive.Archive // see archive.Open
	if a == nil {
		return
	}
	report, err := linkage.New(a).Rehearse(context.Background(), linkage.Drill{Choose: linkage.OldestRegulated, SLA: 15 * time.Minute})
	fmt.Print(report.Markdown())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(report.ExitStatus())
}

// A scheduled job that names the rollbacks and incidents that nobody has bound.
func ExampleLinker_Reconcile() {
	var a *archive.Archive // see archive.Open
	if a == nil {
		return
	}
	for u, err := range linkage.New(a).Reconcile(context.Background(), linkage.EventFile("execution_events.jsonl")()) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			continue
		}
		fmt.Println(u.Problem)
	}
}

// Events go out when the sink is there to take them, from where they got to.
func ExampleLinker_Deliver() {
	var a *archive.Archive // see archive.Open
	if a == nil {
		return
	}
	sink := linkage.HTTPSink{URL: "https://events.example.com/release"}
	sent, err := linkage.New(a).Deliver(context.Background(), "https://evidence.example.com/release", sink, linkage.FileCursor("delivered"))
	fmt.Println(sent, err)
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
