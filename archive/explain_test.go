package archive_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/policy"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

var updateExplained = flag.Bool("update-explained", false, "write testdata/explained.txt anew")

const explained = "testdata/explained.txt"

// underKoreaAndBrazil opens an archive under the default policy with two listed
// jurisdictions. The clock says noon on 1 September 2026, so locks end on 2 September.
func underKoreaAndBrazil(t testing.TB) *archive.Archive {
	f := policy.Default().File()
	f.RegulatedJurisdictions = []string{"KR", "BR"}
	p, err := policy.New(f)
	if err != nil {
		t.Fatal(err)
	}
	cfg := config(t)
	cfg.Policy = p
	return over(t, memworm.New(), cfg)
}

// worked are ten packets of the register, each worked out by reading its row.
var worked = map[string]struct {
	requirement policy.Requirement
	class       retention.Class
	lock        string
	fired       string
}{
	// An exception (ex-3831), and Korea. The scorecard is yellow, but for 0 windows in
	// a row. Regulated is stronger than extended. It was held, so it is not exported;
	// this is what it would be kept under.
	"pp-20260803-ANTI-CHEAT-0000": {policy.None, retention.Regulated, "compliance until 2033-09-02T00:00:00Z", "executive-exception regulated-jurisdiction"},
	// Green, no exception, no jurisdiction: nothing holds.
	"pp-20260804-ギルド-0003": {policy.Mandatory, retention.Standard, "governance until 2028-09-02T00:00:00Z", "-"},
	// Yellow for 0 windows; Brazil is listed. Its id has slashes, a space and a hash.
	"pp/2026/08/04/ギルド #5": {policy.None, retention.Regulated, "compliance until 2033-09-02T00:00:00Z", "regulated-jurisdiction"},
	// Three yellow windows, and Korea beside the EU: both rules hold, Korea's wins.
	"pp-20260807-événements-0014": {policy.Mandatory, retention.Regulated, "compliance until 2033-09-02T00:00:00Z", "yellow-windows regulated-jurisdiction"},
	// The EU is no listed jurisdiction.
	"pp-20260808-anti-cheat-0017": {policy.Mandatory, retention.Standard, "governance until 2028-09-02T00:00:00Z", "-"},
	// Promoted on red, which no rule of the default looks at, by an exception
	// (ex-9144), in Korea.
	"pp-20260809-matchmaking-0020": {policy.Mandatory, retention.Regulated, "compliance until 2033-09-02T00:00:00Z", "executive-exception regulated-jurisdiction"},
	// An exception (ex-1527). One yellow window is not two.
	"pp-20260811-PAYMENTS-0027": {policy.Mandatory, retention.Extended, "compliance until 2031-09-02T00:00:00Z", "executive-exception"},
	// An exception (ex-2929) with a green scorecard, in the EU. Its id tries to climb.
	"../pp-0030": {policy.Mandatory, retention.Extended, "compliance until 2031-09-02T00:00:00Z", "executive-exception"},
	// Exactly two yellow windows, no jurisdiction.
	"pp-20260816-PAYMENTS-0046": {policy.Mandatory, retention.Extended, "compliance until 2031-09-02T00:00:00Z", "yellow-windows"},
	// Three yellow windows and an exception (ex-9671), no jurisdiction: two reasons
	// for the same class.
	"pp-20260817-payments-0049": {policy.Mandatory, retention.Extended, "compliance until 2031-09-02T00:00:00Z", "executive-exception yellow-windows"},
}

// All 60 packets of the register have the class and reasons that they should: ten
// as worked by hand, and the others as they were when somebody last looked, in
// testdata/explained.txt (go test ./archive -run Explained -update-explained).
func TestRegisterIsExplained(t *testing.T) {
	a := underKoreaAndBrazil(t)
	var others strings.Builder
	seen := 0
	for _, p := range sampleRegister(t) {
		e, err := a.Explain(p)
		if err != nil {
			t.Fatal(err)
		}
		fired := firedNames(e.Fired)
		want, isWorked := worked[p.Header.PromotionPacketID]
		if !isWorked {
			fmt.Fprintf(&others, "%-34q %-9s %-9s %s\n", p.Header.PromotionPacketID, e.Requirement, e.RetentionClass, fired)
			continue
		}
		seen++
		if e.Requirement != want.requirement || e.RetentionClass != want.class || e.Lock().String() != want.lock || fired != want.fired {
			t.Errorf("%s: %s, %s, %s by %q; worked by hand: %+v", p.Header.PromotionPacketID, e.Requirement, e.RetentionClass, e.Lock(), fired, want)
		}
	}
	if seen != len(worked) {
		t.Errorf("%d of the packets that were worked by hand are in the register, want %d", seen, len(worked))
	}
	if *updateExplained {
		if err := os.WriteFile(explained, []byte(others.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(explained)
	if err != nil {
		t.Fatal(err)
	}
	if others.String() != string(golden) {
		t.Errorf("the others are explained as\n%s\nand were as\n%s", others.String(), golden)
	}
}

func firedNames(fired []policy.Fired) string {
	if len(fired) == 0 {
		return "-"
	}
	var all []string
	for _, f := range fired {
		all = append(all, f.Name)
	}
	return strings.Join(all, " ")
}

// What Explain says is what an export does: row, lock and reasons.
func TestExplainIsWhatHappens(t *testing.T) {
	a := underKoreaAndBrazil(t)
	for _, p := range sampleRegister(t)[:20] {
		e, err := a.Explain(p)
		if err != nil {
			t.Fatal(err)
		}
		receipt, err := a.Export(t.Context(), p)
		if e.Requirement == policy.None {
			if err == nil {
				t.Errorf("%q is explained as not exported, and was", p.Header.PromotionPacketID)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if receipt.RetentionClass != e.RetentionClass || !receipt.RetainUntilUTC.Equal(e.RetainUntilUTC) {
			t.Errorf("%q: explained as %s until %s, exported as %s until %s", p.Header.PromotionPacketID, e.RetentionClass, e.RetainUntilUTC, receipt.RetentionClass, receipt.RetainUntilUTC)
		}
	}
}
