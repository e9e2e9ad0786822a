package archive_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/policy"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// The requests and bytes that are estimated are those that an export then takes.
func TestEstimateIsBorneOut(t *testing.T) {
	t.Run("told", func(t *testing.T) { estimateIsBorneOut(t, memworm.New()) })
	t.Run("asked", func(t *testing.T) { estimateIsBorneOut(t, asS3(memworm.New())) })
}

// asS3 is a bucket that does not tell of locks before it is asked.
func asS3(d worm.Driver) worm.Driver { return dropping{d, "nothing is dropped", true} }

func estimateIsBorneOut(t *testing.T, b worm.Driver) {
	a := over(t, b, config(t))
	if _, err := a.Export(t.Context(), packet(t, "pp-0")); err != nil { // the log is open
		t.Fatal(err)
	}
	stored := func() (n int, bytes int64) {
		for e, err := range b.List(t.Context(), "") {
			if err != nil {
				t.Fatal(err)
			}
			n, bytes = n+1, bytes+e.Size
		}
		return n, bytes
	}
	if err := a.Log().Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	p := packet(t, "pp-1").With(exhibit("scorecard.pdf", strings.Repeat("green", 10_000)), exhibit("notes.txt", "none"))
	e, err := a.Estimate(t.Context(), p, archive.ExamplePrices())
	if err != nil {
		t.Fatal(err)
	}
	n, bytes := stored()
	ctx, meter := worm.WithMeter(t.Context())
	if _, err := a.Export(ctx, p); err != nil {
		t.Fatal(err)
	}
	if err := a.Log().Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	after, bytesAfter := stored()
	if e.Objects+2 != after-n { // index entries
		t.Errorf("%d objects estimated, %d stored", e.Objects+2, after-n)
	}
	if took := bytesAfter - bytes; math.Abs(float64(took-e.Bytes)) > 0.1*float64(took) {
		t.Errorf("%d bytes estimated, %d stored", e.Bytes, took)
	}
	// The commit, and the two index entries, are written on behalf of all who append.
	if took := meter.Usage().Requests + 3; took != e.Writes+e.Reads {
		t.Errorf("%d writes and %d reads estimated, %d made", e.Writes, e.Reads, took)
	}
}

func TestEstimateOverTiers(t *testing.T) {
	f := everything().File()
	c := f.Classes[retention.Standard]
	c.Period = retention.Years(2)
	c.StorageTiers = []policy.Tier{{After: retention.Period{Days: 30}, Tier: "cool"}, {After: retention.Period{Days: 365}, Tier: "archive"}, {After: retention.Period{Days: 9999}, Tier: "cold"}}
	f.Classes[retention.Standard] = c
	p, err := policy.New(f)
	if err != nil {
		t.Fatal(err)
	}
	cfg := config(t)
	cfg.Policy = p
	a := over(t, memworm.New(), cfg)
	prices := archive.Prices{Currency: "EUR", AsOf: "2026-01-01", WritesPerThousand: 1000, StoragePerGiBMonth: map[string]float64{"hot": 10, "cool": 5, "archive": 1}, MovesPerThousand: map[string]float64{"cool": 0}}
	e, err := a.Estimate(t.Context(), packet(t, "pp-1"), prices)
	if err != nil {
		t.Fatal(err)
	}
	var months, amount float64
	for _, c := range e.Costs {
		amount += c.Amount
		if c.Unit == "GiB months" {
			months += c.Quantity / (float64(e.Bytes) / (1 << 30))
		}
	}
	if math.Abs(months-24) > 0.1 || math.Abs(amount-e.Total) > 1e-9 || e.Total < float64(e.Writes) {
		t.Errorf("%.2f months, %v in all: %s", months, amount, e)
	}
	if says := e.String(); !strings.Contains(says, "storage, archive") || strings.Contains(says, "storage, cold") || !strings.Contains(says, "bypass governance") || !strings.Contains(says, "a move to archive") {
		t.Errorf("it says %s", says)
	}
	delete(prices.StoragePerGiBMonth, "cool")
	if _, err := a.Estimate(t.Context(), packet(t, "pp-1"), prices); !errors.Is(err, archive.ErrBadPrices) {
		t.Errorf("a tier without a price: %v", err)
	}
}

func TestEstimateRefusesWhatExportWould(t *testing.T) {
	a := over(t, memworm.New(), config(t))
	var refused *archive.PacketError
	if _, err := a.Estimate(t.Context(), parse(t, `{"promotion_packet_id": "pp-1", "promotion_decision_at_utc": "2026-08-04T10:22:00Z"}`), archive.ExamplePrices()); !errors.As(err, &refused) {
		t.Errorf("%v", err)
	}
}

func TestParsePrices(t *testing.T) {
	good := `{"currency":"USD","as_of":"2026-01-01","source":"us","writes_per_thousand":0.005,"reads_per_thousand":0.0004,"storage_per_gib_month":{"hot":0.02}}`
	if p, err := archive.ParsePrices([]byte(good)); err != nil || p.StoragePerGiBMonth["hot"] != 0.02 {
		t.Errorf("%+v, %v", p, err)
	}
	for name, bad := range map[string]string{
		"not JSON":      "currency: USD",
		"unknown field": strings.Replace(good, "source", "sauce", 1),
		"negative":      strings.Replace(good, "0.005", "-1", 1),
		"no day":        strings.Replace(good, "2026-01-01", "last year", 1),
		"no hot":        strings.Replace(good, "hot", "warm", 1),
		"no currency":   strings.Replace(good, "USD", "", 1),
		"too long":      good + strings.Repeat(" ", 70_000),
	} {
		if _, err := archive.ParsePrices([]byte(bad)); !errors.Is(err, archive.ErrBadPrices) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
