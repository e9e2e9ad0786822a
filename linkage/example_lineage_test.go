package linkage_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/holdfast-archive/holdfast/linkage"
)

// A page for the post-incident review: what was believed beside what was observed.
func ExampleLinker_Lineage() {
	ctx := context.Background()
	a, _ := bound(ctx, "lineage")
	defer a.Close()
	events, err := os.Open(samples + "execution_events.jsonl") // what production saw
	must(err)
	defer events.Close()

	story, err := linkage.New(a).Lineage(ctx, linkage.Story{IncidentTicketID: "INC-2888", Events: linkage.ReadEvents(events)})
	must(err)
	for _, m := range story.Moments {
		fmt.Println(m.AtUTC.Format("2006-01-02 15:04"), m.Kind)
	}
	for _, g := range story.Gaps {
		fmt.Println("gap:", g.Kind)
	}
	var page bytes.Buffer
	must(story.WriteHTML(&page))
	// Output:
	// 2026-08-11 06:23 decision
	// 2026-08-11 06:33 export
	// 2026-08-11 07:02 deploy
	// 2026-08-11 09:53 incident
	// 2026-08-11 10:19 rollback
	// 2026-08-24 09:00 link
	// gap: no_checkpoint
	// gap: rollback_without_link
}

// A folder for a regulator, who has neither the bucket nor this library. What to do with it
// is in its VERIFY.md.
func ExampleLinker_Pack() {
	ctx := context.Background()
	a, export := bound(ctx, "packed")
	defer a.Close()
	dir, err := os.MkdirTemp("", "pack")
	must(err)
	defer os.RemoveAll(dir)

	pack, err := linkage.New(a).Pack(ctx, export.ExportRowID, linkage.PackOptions{})
	must(err)
	must(pack.WriteDir(ctx, dir+"/INC-2888-evidence"))
	files, err := filepath.Glob(dir + "/INC-2888-evidence/*")
	must(err)
	for _, f := range files {
		fmt.Println(filepath.Base(f))
	}
	// Output:
	// SHA256SUMS
	// VERIFY.md
	// checkpoint
	// contents
	// keys
	// lineage.html
	// lineage.json
	// manifest.sigstore.json
	// packet
	// proofs
	// rows
}
