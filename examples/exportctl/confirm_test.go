package main

import (
	"os"
	"testing"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
)

// A link row that says of an export what its row does not say is no proof of it, whichever
// way it is come by.
func TestLinkThatDoesNotAgree(t *testing.T) {
	s := newSession(t)
	s.run(exitDone, "export", samplePackets+"packet-00", samplePackets+"packet-03")
	a, err := archive.Open(t.Context(), os.Getenv("HOLDFAST_BUCKET"), archive.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	rows, err := a.Log().Find(t.Context(), exportlog.Query{ExportRowID: 1})
	if err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	forged := exportlog.Row{
		Kind: exportlog.KindLink, SubjectExportRowID: 2, IncidentTicketID: "INC-9", IdempotencyKey: "forged", LinkOwnerAck: "release-ops: nobody",
		PromotionPacketID: economy, ExportBatchID: rows[0].ExportBatchID, ArchiveURI: rows[0].ArchiveURI, ContentIntegrityReference: rows[0].ContentIntegrityReference,
	}
	if _, err := a.Log().Append(t.Context(), forged); err != nil {
		t.Fatal(err)
	}
	const says = "the link of row 3 does not say of row 2 what that row says"
	out, _ := s.run(exitFindings, "prove", "INC-9")
	s.says(out, says, "✗")
	out, _ = s.run(exitFindings, "confirm", "3")
	s.says(out, says, "NOT confirmed")
	out, _ = s.run(exitFindings, "confirm", "INC-9")
	s.says(out, says, "NOT confirmed")
	out, _ = s.run(exitFindings, "confirm", "3", "--json")
	s.says(out, `"confirmed": false`, says)
	s.run(exitDone, "confirm", "2")
}
