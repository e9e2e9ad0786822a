package archive_test

import (
	"slices"
	"testing"

	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

func TestExportOnce(t *testing.T) {
	b := memworm.New()
	cfg := config(t)
	a := over(t, b, cfg)
	p := packet(t, "pp-1")
	first, err := a.Export(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Log().Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := keys(t, b)
	for _, again := range []int{1, 2} {
		receipt, err := over(t, b, cfg).Export(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		if !receipt.AlreadyExported || receipt.SHA256() != first.SHA256() {
			t.Errorf("export %d gave %+v, want the first receipt", again, receipt)
		}
	}
	if after := keys(t, b); !slices.Equal(before, after) {
		t.Errorf("exporting again wrote something: %v, before %v", after, before)
	}
	if _, err := a.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}
