package linkage_test

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/linkage"
)

// A page for the post-incident review: what was believed beside what was observed.
func ExampleLinker_Lineage() {
	ctx := context.Background()
	var a *archive.Archive // see archive.Open
	if a == nil {
		return
	}
	events, err := os.Open("execution_events.jsonl")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer events.Close()
	story, err := linkage.New(a).Lineage(ctx, linkage.Story{IncidentTicketID: "INC-2888", Events: linkage.ReadEvents(events)})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, g := range story.Gaps {
		fmt.Println(g.Kind, g.Text)
	}
	var page bytes.Buffer
	if err := story.WriteHTML(&page); err != nil {
		fmt.Println(err)
	}
}

// A folder for a regulator, who has neither the bucket nor this library.
func ExampleLinker_Pack() {
	ctx := context.Background()
	var a *archive.Archive // see archive.Open, with Config.Checkpoints
	if a == nil {
		return
	}
	linker := linkage.New(a)
	pack, err := linker.Pack(ctx, 27, linkage.PackOptions{Peers: linkage.WithholdManifest})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := pack.WriteDir(ctx, "INC-2888-evidence"); err != nil { // then: see VERIFY.md in it
		fmt.Println(err)
	}
}
