package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
)

// estimated is what an export would come to.
type estimated struct {
	PromotionPacketID string `json:"promotion_packet_id"`
	archive.Estimate
}

// estimate says what an export would come to, packet by packet.
func (t *tool) estimate(ctx context.Context, packets []archive.Packet, f exportFlags) error {
	prices, err := readPrices(f.prices)
	if err != nil {
		return usageError{err}
	}
	a, err := t.open(ctx, readLog)
	if err != nil {
		return err
	}
	defer a.Close()
	result := struct {
		Estimates []estimated `json:"estimates"`
		Refused   []refusal   `json:"refused,omitempty"`
	}{Estimates: []estimated{}}
	if f.skipRefused {
		packets, result.Refused = admitted(a, packets)
	}
	for _, p := range packets {
		e, err := a.Estimate(ctx, p, prices)
		if err != nil {
			return err
		}
		result.Estimates = append(result.Estimates, estimated{p.Header.PromotionPacketID, e})
	}
	return t.screen.Show(result, func(p *screen.Page) {
		drawEstimates(p, result.Estimates)
		for _, r := range result.Refused {
			p.Mind("would be left out  %s  %s", screen.Clean(r.PromotionPacketID), p.Dim(r.Reason))
		}
		p.Gap()
		p.Line("%s", p.Dim("nothing was written"))
	})
}

// drawEstimates draws one estimate in full, and of several what they come to together.
func drawEstimates(p *screen.Page, all []estimated) {
	if len(all) == 1 {
		p.Title(screen.Clean(all[0].PromotionPacketID))
		p.Line("%s", strings.TrimRight(all[0].String(), "\n"))
		return
	}
	rows := make([][]any, len(all))
	var bytes int64
	var total float64
	minded := map[string]bool{}
	for i, e := range all {
		rows[i] = []any{e.PromotionPacketID, e.RetentionClass, day(e.RetainUntilUTC), screen.Size(e.Bytes), strings.Join(e.Reasons(), "; ")}
		bytes, total = bytes+e.Bytes, total+e.Total
		for _, says := range append(slices.Clone(e.Caveats), e.Undo) {
			minded[says] = true
		}
	}
	p.Table([]string{"promotion_packet_id", "class", "kept until", "size", "because"}, rows)
	if len(all) == 0 {
		return
	}
	p.Gap()
	for _, says := range slices.Sorted(maps.Keys(minded)) {
		p.Mind("%s", screen.Clean(says))
	}
	p.Line("%s, %s, %s in all if each is exported by itself, by prices of %s", screen.Count(len(all), "packet"), screen.Size(bytes), cost(total, all[0].Currency), all[0].PricesOf)
}

func cost(total float64, currency string) string {
	if total < 0.01 {
		return "less than 0.01 " + currency
	}
	return fmt.Sprintf("about %.2f %s", total, currency)
}

func readPrices(path string) (archive.Prices, error) {
	if path == "" {
		return archive.ExamplePrices(), nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return archive.Prices{}, err
	}
	prices, err := archive.ParsePrices(b)
	if err != nil {
		return archive.Prices{}, fmt.Errorf("%s: %w", path, err)
	}
	return prices, nil
}
