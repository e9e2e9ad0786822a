package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/holdfast-archive/holdfast/archive"
)

// covered holds the log to what the cluster promoted. Exports of others are not its
// business, and neither is what still has time.
func covered(ctx context.Context, a *archive.Archive, sets []replicaSet) error {
	decisions := func(yield func(archive.Decision, error) bool) {
		for _, s := range sets {
			d := archive.Decision{PromotionPacketID: s.PromotionPacketID, PromotionDecision: "promote", PromotionDecisionAtUTC: s.DecidedAt}
			if !yield(d, nil) {
				return
			}
		}
	}
	var report archive.CoverageReport
	if _, err := a.Coverage(ctx, archive.CoverageInput{Decisions: decisions}, &report); err != nil {
		return err
	}
	missing := 0
	for _, f := range report.Found {
		if f.Kind == archive.CoverageMissing || f.Kind == archive.CoverageOtherDecision {
			slog.Warn(string(f.Kind), "promotion_packet_id", f.PromotionPacketID, "problem", f.Problem)
			missing++
		}
	}
	if missing > 0 {
		return fmt.Errorf("%w: %d of %d promotions", errNotCovered, missing, report.Mandatory)
	}
	slog.Info("on record", "promotions", report.Mandatory, "due", report.Due)
	return nil
}
