package linkage_test

import (
	"os"
	"strings"
	"testing"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/linkage"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/fileworm"
)

// An incident of the first release leads to its evidence, and its story is told: see
// archive/golden_test.go.
func TestGoldenIncidentIsProved(t *testing.T) {
	const golden = "../archive/testdata/golden-v1"
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(golden+"/bucket")); err != nil {
		t.Fatal(err)
	}
	verifier, err := manifest.LoadVerifier(golden + "/manifest.pub")
	if err != nil {
		t.Fatal(err)
	}
	driver, err := fileworm.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	store, err := worm.New(t.Context(), driver)
	if err != nil {
		t.Fatal(err)
	}
	a, err := archive.OpenStore(store, archive.Config{Verifier: verifier})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	linker := linkage.New(a)
	proofs, err := linker.Prove(t.Context(), exportlog.Query{IncidentTicketID: "INC-1"})
	if err != nil || len(proofs) != 1 || !strings.Contains(string(proofs[0].Document), `"executive_exception_id": "ex-1"`) {
		t.Errorf("%d proofs, %v", len(proofs), err)
	}
	story, err := linker.Lineage(t.Context(), linkage.Story{IncidentTicketID: "INC-1"})
	if err != nil || len(story.Exports) != 1 || story.Exports[0].Unverified != "" || story.Damage != "" {
		t.Errorf("%+v, %v", story, err)
	}
	if told := story.Exports[0].Said; len(told) != 1 || told[0].Text != "purchase_success fell by 3.4 points" {
		t.Errorf("said %+v", told)
	}
	drill, err := linker.Rehearse(t.Context(), linkage.Drill{Choose: linkage.OldestRegulated})
	if err != nil || drill.Export.ExportRowID != 3 {
		t.Errorf("row %d, %v", drill.Export.ExportRowID, err)
	}
}
