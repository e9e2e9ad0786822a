package archive

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/go-json-experiment/json"
)

// Prices is what a store charges, in one currency. Its JSON form is what [ParsePrices]
// reads:
//
//	{"currency": "USD", "as_of": "2025-01-01", "source": "our contract",
//	 "writes_per_thousand": 0.005, "reads_per_thousand": 0.0004,
//	 "storage_per_gib_month": {"hot": 0.023, "cool": 0.0125, "cold": 0.004, "archive": 0.001},
//	 "moves_per_thousand": {"cool": 0.01, "cold": 0.02, "archive": 0.05}}
type Prices struct {
	Currency string `json:"currency"`
	AsOf     string `json:"as_of"`  // the day the prices were looked up, YYYY-MM-DD
	Source   string `json:"source"` // where

	WritesPerThousand  float64            `json:"writes_per_thousand"`          // requests that create or list
	ReadsPerThousand   float64            `json:"reads_per_thousand"`           // requests that get or look
	StoragePerGiBMonth map[string]float64 `json:"storage_per_gib_month"`        // by tier: hot, and those that the policy's storage_tiers name
	MovesPerThousand   map[string]float64 `json:"moves_per_thousand,omitempty"` // objects moved into a tier
}

// tierHot is where objects are stored at first.
const tierHot = "hot"

// maxPricesBytes bounds a price table.
const maxPricesBytes = 64 << 10

// ErrBadPrices: a price table cannot be used.
var ErrBadPrices = errors.New("bad price table")

// ExamplePrices is a price table to start from: round figures of the order in which large
// clouds' public lists stood on 2025-01-01, in USD. They are an example and not a quote:
// give your own.
func ExamplePrices() Prices {
	return Prices{
		Currency: "USD", AsOf: "2025-01-01", Source: "an example; replace it by your own prices",
		WritesPerThousand: 0.005, ReadsPerThousand: 0.0004,
		StoragePerGiBMonth: map[string]float64{tierHot: 0.023, "cool": 0.0125, "cold": 0.004, "archive": 0.001},
		MovesPerThousand:   map[string]float64{"cool": 0.01, "cold": 0.02, "archive": 0.05},
	}
}

// ParsePrices reads a price table from JSON. Fields that it does not know, and prices that
// are no prices, are errors that match [ErrBadPrices].
func ParsePrices(b []byte) (Prices, error) {
	if len(b) > maxPricesBytes {
		return Prices{}, fmt.Errorf("archive: prices: %w: %d bytes, the limit is %d", ErrBadPrices, len(b), maxPricesBytes)
	}
	var p Prices
	if err := json.UnmarshalRead(bytes.NewReader(b), &p, json.RejectUnknownMembers(true)); err != nil {
		return Prices{}, fmt.Errorf("archive: prices: %w: %w", ErrBadPrices, err)
	}
	if err := p.check(); err != nil {
		return Prices{}, fmt.Errorf("archive: prices: %w", err)
	}
	return p, nil
}

func (p Prices) check() error {
	if p.Currency == "" {
		return fmt.Errorf("%w: currency is missing", ErrBadPrices)
	}
	if _, err := time.Parse(time.DateOnly, p.AsOf); err != nil {
		return fmt.Errorf("%w: as_of %.40q is not a day such as 2025-01-01", ErrBadPrices, p.AsOf)
	}
	if _, ok := p.StoragePerGiBMonth[tierHot]; !ok {
		return fmt.Errorf("%w: storage_per_gib_month has no price for %q", ErrBadPrices, tierHot)
	}
	prices := []float64{p.WritesPerThousand, p.ReadsPerThousand}
	for _, table := range []map[string]float64{p.StoragePerGiBMonth, p.MovesPerThousand} {
		for _, price := range table {
			prices = append(prices, price)
		}
	}
	for _, price := range prices {
		if price < 0 || math.IsNaN(price) || math.IsInf(price, 0) {
			return fmt.Errorf("%w: %v is no price", ErrBadPrices, price)
		}
	}
	return nil
}
