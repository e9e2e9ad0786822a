package main

import (
	"cmp"
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/linkage"
)

// notification is the body that the templates in manifests/notifications.yaml make.
type notification struct {
	Event             string `json:"event"` // completed or aborted
	Namespace         string `json:"namespace"`
	Rollout           string `json:"rollout"`
	Revision          string `json:"revision"`
	PromotionPacketID string `json:"promotion_packet_id"`
	Message           string `json:"message"`
}

// errBad: what was sent will not do, however often it is sent.
var errBad = errors.New("bad notification")

// receiver takes notifications. What it could not do is answered with 503, and Argo
// sends it again, three times; after that, covered and undone find it.
type receiver struct {
	archive *archive.Archive
	packets fs.FS // <promotion_packet_id>/packet.json, exhibits/*
	token   string
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if r.token == "" || subtle.ConstantTimeCompare([]byte(req.Header.Get("Authorization")), []byte("Bearer "+r.token)) != 1 {
		http.Error(w, "whose are you?", http.StatusUnauthorized)
		return
	}
	var n notification
	if err := json.NewDecoder(http.MaxBytesReader(w, req.Body, 1<<20)).Decode(&n); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	switch err := r.take(req.Context(), n); {
	case errors.Is(err, errBad):
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
	case err != nil:
		slog.Error("send it again", "rollout", n.Rollout, "revision", n.Revision, "error", err)
		http.Error(w, "send it again", http.StatusServiceUnavailable)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// take exports the packet of a rollout and, if that was aborted, binds it: to promote was
// decided, so it is exported however it went. Both may be sent any number of times.
func (r *receiver) take(ctx context.Context, n notification) error {
	folder, err := fs.Sub(r.packets, n.PromotionPacketID)
	if err != nil {
		return fmt.Errorf("%w: promotion_packet_id: %v", errBad, err)
	}
	packet, err := archive.ReadFolder(folder)
	if err != nil {
		return fmt.Errorf("packet %q: %w", n.PromotionPacketID, err)
	}
	if packet.Header.PromotionPacketID != n.PromotionPacketID {
		return fmt.Errorf("%w: the folder of packet %q has packet %q", errBad, n.PromotionPacketID, packet.Header.PromotionPacketID)
	}
	receipt, err := r.archive.Export(ctx, packet)
	if err != nil || n.Event != "aborted" {
		return err
	}
	_, err = linkage.New(r.archive).Bind(ctx, linkage.Divergence{
		ExportRowID:       receipt.ExportRowID,
		RollbackEventID:   fmt.Sprintf("argo-abort/%s/%s/%s", n.Namespace, n.Rollout, n.Revision),
		DivergenceSummary: cmp.Or(n.Message, "the rollout was aborted"),
		LinkOwnerAck:      robot,
	})
	return err
}

// robot answers for links until a person does.
var robot = linkage.Ack{Role: linkage.ReleaseOps, Name: "holdfast-argo"}
