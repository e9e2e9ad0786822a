package main

import (
	"context"
	"fmt"
	"os"

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
		for _, e := range result.Estimates {
			p.Title(screen.Clean(e.PromotionPacketID))
			p.Line("%s", e.Estimate)
		}
		for _, r := range result.Refused {
			p.Mind("would be left out  %s  %s", screen.Clean(r.PromotionPacketID), p.Dim(r.Reason))
		}
		p.Gap()
		p.Line("%s", p.Dim("nothing was written"))
	})
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
