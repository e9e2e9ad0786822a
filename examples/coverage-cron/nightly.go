package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/retention/policy"
)

// nightly is one run of the batch.
type nightly struct {
	archive     *archive.Archive
	log         *slog.Logger
	packets     string
	source      string
	keeps       time.Duration
	from, until time.Time
	backfill    bool
}

func (n nightly) run(ctx context.Context) (code int, err error) {
	if err := n.export(ctx); err != nil {
		return 0, err
	}
	found, err := n.compare(ctx)
	if err != nil {
		return 0, err
	}
	filled, err := n.fill(ctx, found)
	if err != nil {
		return 0, err
	}
	if filled > 0 {
		if found, err = n.compare(ctx); err != nil {
			return 0, err
		}
	}
	return found.ExitCode(), nil
}

// export archives the packets that were decided in the window, under one manifest. What
// is exported already is found; what is on hold is nobody's evidence yet.
func (n nightly) export(ctx context.Context) error {
	folders, err := filepath.Glob(filepath.Join(n.packets, "*", "packet.json"))
	if err != nil || n.packets == "" {
		return err
	}
	var batch []archive.Packet
	for _, document := range folders {
		p, err := archive.ReadFolder(os.DirFS(filepath.Dir(document)))
		if err != nil {
			return err
		}
		at := p.Header.PromotionDecisionAtUTC
		if at.Before(n.from) || !at.Before(n.until) {
			continue
		}
		if what, _ := n.archive.Policy().Requirement(p.Header.PromotionDecision); what != policy.Mandatory {
			n.log.Info("left out", "promotion_packet_id", p.Header.PromotionPacketID, "promotion_decision", p.Header.PromotionDecision)
			continue
		}
		batch = append(batch, p)
	}
	if len(batch) == 0 {
		return nil
	}
	receipts, err := n.archive.ExportBatch(ctx, batch)
	for _, r := range receipts {
		n.log.Info("exported", "promotion_packet_id", r.PromotionPacketID, "export_row_id", r.ExportRowID, "already", r.AlreadyExported)
	}
	return err
}

// compare holds the log to the source, and logs each difference.
func (n nightly) compare(ctx context.Context) (archive.CoverageReport, error) {
	source, err := os.Open(n.source)
	if err != nil {
		return archive.CoverageReport{}, err
	}
	defer source.Close()
	var report archive.CoverageReport
	_, err = n.archive.Coverage(ctx, archive.CoverageInput{
		Decisions: archive.ReadDecisionsJSONL(source), From: n.from, To: n.until,
	}, &report)
	if err != nil {
		return report, err
	}
	for _, f := range report.Found {
		n.log.Warn(string(f.Kind), "promotion_packet_id", f.PromotionPacketID, "promotion_decision_at_utc", f.PromotionDecisionAtUTC,
			"export_row_id", f.ExportRowID, "problem", f.Problem)
	}
	n.log.Info("compared", "decisions", report.Decisions, "mandatory", report.Mandatory, "in_time", report.InTime,
		"due", report.Due, "exports", report.Exports, "findings", report.Total())
	return report, nil
}
