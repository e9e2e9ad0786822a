package archive_test

import (
	"fmt"
	"testing"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// A batch takes as few manifests as can name its packets and their exhibits.
func TestAsFewManifestsAsPossible(t *testing.T) {
	a := over(t, memworm.New(), config(t))
	var packets []archive.Packet
	for i, exhibits := range []int{599, 599, 399, 399} {
		p := packet(t, fmt.Sprintf("pp-%d", i))
		for j := range exhibits {
			p = p.With(exhibit(fmt.Sprint(j), "x"))
		}
		packets = append(packets, p)
	}
	receipts, err := a.ExportBatch(t.Context(), packets)
	if err != nil {
		t.Fatal(err)
	}
	references := map[string]bool{}
	for i, r := range receipts {
		references[r.ContentIntegrityReference] = true
		if want := fmt.Sprintf("pp-%d", i); r.PromotionPacketID != want {
			t.Errorf("receipt %d is of %s", i, r.PromotionPacketID)
		}
	}
	if len(references) != 2 {
		t.Errorf("2,000 objects took %d manifests, 2 are enough", len(references))
	}
}
