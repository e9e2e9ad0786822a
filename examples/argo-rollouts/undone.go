package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/holdfast-archive/holdfast/linkage"
)

// undone binds what was taken back by hand. An undo makes no new ReplicaSet: the old one
// gets the next revision. So a rollout whose newest revision is older than the one before
// went back, and what went wrong is the one before. The same undo seen again is the same
// link.
func undone(ctx context.Context, linker *linkage.Linker, sets []replicaSet) error {
	var failed error
	for i, back := range sets {
		newest := i == 0 || sets[i-1].Namespace != back.Namespace || sets[i-1].Rollout != back.Rollout
		if !newest || i+1 == len(sets) || sets[i+1].Namespace != back.Namespace || sets[i+1].Rollout != back.Rollout {
			continue
		}
		bad := sets[i+1]
		if !back.Created.Before(bad.Created) {
			continue
		}
		link, err := linker.Bind(ctx, linkage.Divergence{
			PromotionPacketID: bad.PromotionPacketID,
			RollbackEventID:   fmt.Sprintf("argo-undo/%s/%s/%d", back.Namespace, back.Rollout, back.Revision),
			DivergenceSummary: fmt.Sprintf("undone by hand: revision %d, packet %s, took the place of revision %d", back.Revision, back.PromotionPacketID, bad.Revision),
			LinkOwnerAck:      robot,
		})
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s/%s: %w", back.Namespace, back.Rollout, err))
			continue
		}
		slog.Info("undone", "rollout", back.Rollout, "export_row_id", link.Export.ExportRowID, "link_row_id", link.ExportRowID, "already", link.AlreadyBound)
	}
	return failed
}
