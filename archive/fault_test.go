package archive_test

import (
	"fmt"
	"testing"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
)

// Whatever happens to one write of an export, the export succeeds, or fails and
// succeeds when it is run again; and in the end there is one row, and nothing that
// it does not account for.
func TestOneFaultIsSurvived(t *testing.T) {
	cfg := config(t)
	p := packet(t, "pp-1").With(exhibit("scorecard.pdf", "green"))
	for _, fault := range wormtest.Faults() {
		for n := 1; n <= 4; n++ { // packet, exhibit, manifest, commit
			t.Run(fmt.Sprintf("%s at write %d", fault, n), func(t *testing.T) {
				b := memworm.New()
				a := over(t, &wormtest.Faulty{Driver: b, Plan: func(op wormtest.Op) wormtest.Fault {
					if op.N == n {
						return fault
					}
					return wormtest.None
				}}, cfg)
				_, err := a.Export(t.Context(), p)
				if mayFail := fault == wormtest.RefuseBefore && n < 4; err != nil != mayFail {
					t.Errorf("export: %v", err)
				}
				if receipt, again := a.Export(t.Context(), p); again != nil || receipt.AlreadyExported != (err == nil) {
					t.Errorf("again: %+v, %v", receipt, again)
				}
				if all := rows(t, over(t, b, cfg)); len(all) != 1 {
					t.Errorf("%d rows", len(all))
				}
				if _, err := over(t, b, cfg).Verify(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// A batch larger than a manifest is split, and each part is whole.
func TestBigBatchIsSplit(t *testing.T) {
	b := memworm.New()
	a := over(t, b, config(t))
	var packets []archive.Packet
	for i := range 1100 {
		packets = append(packets, packet(t, fmt.Sprintf("pp-%d", i)))
	}
	receipts, err := a.ExportBatch(t.Context(), packets)
	if err != nil {
		t.Fatal(err)
	}
	sizes := map[string]int{}
	for i, r := range receipts {
		sizes[r.ExportBatchID]++
		if r.PromotionPacketID != fmt.Sprintf("pp-%d", i) || r.ExportRowID != int64(i+1) {
			t.Fatalf("receipt %d is row %d for %q", i, r.ExportRowID, r.PromotionPacketID)
		}
	}
	if len(sizes) != 2 || sizes[receipts[0].ExportBatchID] != 1000 || sizes[receipts[1099].ExportBatchID] != 100 {
		t.Errorf("batches of %v", sizes)
	}
	report, err := a.Verify(t.Context())
	if err != nil || report.Exports != 1100 {
		t.Errorf("%d exports verified, %v", report.Exports, err)
	}
}
