package archive_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/policy"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// What a million exports come to: each a packet of 2 KiB and a scorecard of 200 KiB,
// exported by itself to a bucket such as S3, kept for its whole period under the default policy. The README
// has the table.
func TestCostOfAMillionExports(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	cfg := config(t)
	cfg.Policy = policy.Default()
	a := over(t, asS3(memworm.New()), cfg)
	for _, class := range retention.Classes() {
		p := parse(t, fmt.Sprintf(`{"promotion_packet_id": "pp-1", "promotion_decision": "promote", "promotion_decision_at_utc": "2026-09-01T11:50:00Z", "retention_class": %q, "notes": %q}`,
			class, strings.Repeat("x", 2<<10))).With(exhibit("scorecard.pdf", strings.Repeat("x", 200<<10)))
		e, err := a.Estimate(t.Context(), p, archive.ExamplePrices())
		if err != nil {
			t.Fatal(err)
		}
		var requests, storage float64 // dollars
		for _, c := range e.Costs {
			if strings.HasPrefix(c.What, "requests") {
				requests += c.Amount * 1e6
			} else {
				storage += c.Amount * 1e6
			}
		}
		line := fmt.Sprintf("| %s, %s | %d M | %d M | %.0f GiB | $%.0f | $%.0f |",
			class, e.Period.Words(), e.Writes, e.Reads, float64(e.Bytes)*1e6/(1<<30), requests, storage)
		t.Log(line)
		if !strings.Contains(string(readme), line+"\n") {
			t.Errorf("the README does not have: %s", line)
		}
	}
}
