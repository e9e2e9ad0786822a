package archive_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	_ "github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// Two packets were promoted, one was exported, and one incident is not linked.
func ExampleArchive_Coverage() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "")
	check(err)
	defer os.RemoveAll(dir)
	signer, err := manifest.LoadOrCreateKey(dir + "/key")
	check(err)
	a, err := archive.Open(ctx, "mem://coverage", archive.Config{
		Signer: signer, Operator: "release-ops/pipeline-42",
		Clock: func() time.Time { return time.Date(2026, 8, 4, 11, 0, 0, 0, time.UTC) },
	})
	check(err)
	defer a.Close()
	packet, err := archive.ParseJSON([]byte(`{"promotion_packet_id": "pp-1", "promotion_decision": "promote", "promotion_decision_at_utc": "2026-08-04T10:22:00Z"}`))
	check(err)
	_, err = a.Export(ctx, packet)
	check(err)

	register := strings.NewReader("promotion_packet_id,promotion_decision,promotion_decision_at_utc\n" +
		"pp-1,promote,2026-08-04T10:22:00Z\n" +
		"pp-2,promote,2026-08-02T09:00:00Z\n")
	events := strings.NewReader(`{"type": "incident", "incident_ticket_id": "INC-2888", "promotion_packet_id": "pp-1"}`)

	var report archive.CoverageReport // or archive.CoverageJSON(w), CoverageCSV(w), CoverageMarkdown(w)
	summary, err := a.Coverage(ctx, archive.CoverageInput{
		Decisions: archive.ReadDecisionsCSV(register), // or any iterator that your deploy tool has
		Incidents: archive.ReadIncidentsJSONL(events),
	}, &report)

	check(err)
	for _, f := range report.Found {
		fmt.Printf("%s: packet %q, incident %q\n", f.Kind, f.PromotionPacketID, f.IncidentTicketID)
	}
	fmt.Println("exit status", summary.ExitCode())
	// Output:
	// missing: packet "pp-2", incident ""
	// unlinked: packet "pp-1", incident "INC-2888"
	// exit status 1
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
