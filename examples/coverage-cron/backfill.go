package main

import (
	"bufio"
	"context"
	"fmt"
	"os"

	"github.com/holdfast-archive/holdfast/archive"
)

// fill exports what is missing, as a reconstruction: the packet is gone, and what the
// source says of the promotion is all there is. It never passes as made in time. Without
// -backfill it says what it would do, and does nothing.
func (n nightly) fill(ctx context.Context, found archive.CoverageReport) (filled int, err error) {
	missing := map[string]bool{}
	for _, f := range found.Found {
		if f.Kind == archive.CoverageMissing {
			missing[f.PromotionPacketID] = true
		}
	}
	if len(missing) == 0 {
		return 0, nil
	}
	packets, err := n.reconstruct(missing)
	if err != nil {
		return 0, err
	}
	if !n.backfill {
		return 0, n.dryRun(packets)
	}
	receipts, err := n.archive.ExportBatch(ctx, packets)
	for _, r := range receipts {
		n.log.Info("backfilled", "promotion_packet_id", r.PromotionPacketID, "export_row_id", r.ExportRowID,
			"reconstructed_by", r.ReconstructedBy, "reconstructed_from", r.ReconstructedFrom)
	}
	return len(receipts), err
}

func (n nightly) dryRun(packets []archive.Packet) error {
	for _, p := range packets {
		e, err := n.archive.Explain(p)
		if err != nil {
			return err
		}
		n.log.Info("would backfill", "promotion_packet_id", p.Header.PromotionPacketID, "retention_class", e.RetentionClass,
			"retain_until_utc", e.RetainUntilUTC, "because", e.Reasons())
	}
	n.log.Info("dry run: nothing was written; run again with -backfill")
	return nil
}

// reconstruct makes a packet of each of the source's own records that is missing: the
// record's bytes, as they stand there.
func (n nightly) reconstruct(missing map[string]bool) ([]archive.Packet, error) {
	f, err := os.Open(n.source)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var packets []archive.Packet
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, archive.MaxRecordBytes)
	for number := 1; lines.Scan(); number++ {
		if len(lines.Bytes()) == 0 {
			continue
		}
		p, err := archive.ParseJSON(lines.Bytes())
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", n.source, number, err)
		}
		if id := p.Header.PromotionPacketID; missing[id] {
			packets = append(packets, p.Reconstructed("release-ops/coverage-cron", fmt.Sprintf("%s, line %d", n.source, number)))
			delete(missing, id) // one that stands there twice is one
		}
	}
	return packets, lines.Err()
}
