package linkage_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/linkage"
)

// The way from an incident to proof.
func Example() {
	ctx := context.Background()
	var a *archive.Archive // see archive.Open
	if a == nil {
		return
	}

	link, err := linkage.New(a).Bind(ctx, linkage.Divergence{
		PromotionPacketID: "pp-20260811-payments-0027",
		IncidentTicketID:  "INC-2888",
		DivergenceSummary: "purchase_success: 98.9% when promoted, 95.5% live",
		LinkOwnerAck:      linkage.Ack{Role: linkage.IncidentCommander, Name: "on-call lead"},
	})
	evidence, err := a.Retrieve(ctx, link.ArchiveURI) // the packet and exhibits, against the signed manifest
	_, err = a.Confirm(ctx, link.Export)              // row, signature, every byte, every lock; what is wrong, by name

	fmt.Println(evidence.Packet.PromotionDecision, err)
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
	_, rest, _ := strings.Cut(string(source), "\n\n\tlink, err")
	snippet, _, _ := strings.Cut("\tlink, err"+rest, "\n\n")
	if snippet = strings.ReplaceAll("\n"+snippet, "\n\t", "\n"); !strings.Contains(string(readme), snippet) {
		t.Errorf("the README does not show:%s", snippet)
	}
}
