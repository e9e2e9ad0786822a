package exportlog

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// IDKind is a kind of id that rows can be found by.
type IDKind string

// The kinds of id.
const (
	PacketIDs   IDKind = "packet"   // promotion_packet_id
	BatchIDs    IDKind = "batch"    // export_batch_id
	IncidentIDs IDKind = "incident" // incident_ticket_id
	RollbackIDs IDKind = "rollback" // rollback_event_id
)

// maxIDs bounds the keys that are looked at for one prefix: what a cloud lists in
// one request.
const maxIDs = 1000

// IDs returns ids of a kind that begin with one of some prefixes, for whoever has
// mistyped one: of the first thousand index entries under each prefix, in one round
// trip at any size of the log, and of the rows behind the newest mark as they were
// when the end was last looked for. They are hints, each once and in no order;
// [Log.Find] proves the rows.
func (l *Log) IDs(ctx context.Context, kind IDKind, prefixes ...string) ([]string, error) {
	found := map[string]bool{}
	l.mu.Lock()
	for t := range l.index.places {
		if t.folder == string(kind) && slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(t.value, p) }) {
			found[t.value] = true
		}
	}
	l.mu.Unlock()
	listed, err := inParallel(ctx, prefixes, func(ctx context.Context, prefix string) ([]string, error) {
		return l.listIDs(ctx, kind, prefix)
	})
	if err != nil {
		return nil, fmt.Errorf("exportlog: list ids: %w", err)
	}
	for _, id := range slices.Concat(listed...) {
		found[id] = true
	}
	ids := make([]string, 0, len(found))
	for id := range found {
		ids = append(ids, id)
	}
	return ids, nil
}

func (l *Log) listIDs(ctx context.Context, kind IDKind, prefix string) ([]string, error) {
	folder := indexPrefix + string(kind) + "/"
	escaped, err := worm.EscapeSegment(prefix)
	if err != nil && prefix != "" {
		return nil, nil // no id that could be listed begins like that
	}
	var ids []string
	seen := 0
	for e, err := range l.store.List(ctx, folder+escaped) {
		if err != nil {
			return nil, err
		}
		segment, _, _ := strings.Cut(strings.TrimPrefix(e.Ref.Key, folder), "/")
		if id, err := worm.UnescapeSegment(segment); err == nil && !strings.Contains(segment, "!") { // not one that is named by its hash
			ids = append(ids, id)
		}
		if seen++; seen == maxIDs {
			break
		}
	}
	return slices.Compact(ids), nil
}
