package exportlog

import (
	"context"
	"fmt"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// draft is the commit we would like to be the next.
type draft struct {
	number  int64
	group   []*request
	body    []byte // empty when every row is already in the log
	fresh   []Row  // the rows in it
	results [][]Appended
	written bool // by us, and not yet taken into what we know
}

// draft numbers and chains the rows of a group onto the head we know, leaving
// out those the log already has.
func (l *Log) draft(ctx context.Context, group []*request) (draft, error) {
	l.mu.Lock()
	next, prev, d := l.chain.rows+1, l.chain.last, draft{number: l.index.commits() + 1, group: group}
	err := l.damage()
	var root worm.Digest
	if err == nil {
		root = l.chain.tree.root()
	}
	l.mu.Unlock()
	if err != nil {
		return draft{}, err
	}
	drafted := map[Key]Row{}
	exports := map[string]int64{} // drafted, by promotion_packet_id
	for _, r := range group {
		result := make([]Appended, len(r.rows))
		for i, row := range r.rows {
			had, ok := drafted[row.Key()]
			if !ok {
				if had, ok, err = l.had(ctx, row.Key(), r.known); err != nil {
					return draft{}, err
				}
			}
			if ok {
				result[i] = Appended{Row: had, Existing: !(r.proposed[i] && had.Nonce == l.nonce)}
				continue
			}
			row.SchemaVersion, row.ExportRowID, row.PrevRowSHA256, row.PrevRootSHA256 = SchemaVersion, next, prev, root
			root = worm.Digest{} // on the first row only
			if row.Kind == KindExport {
				row.ReexportOfExportRowID = max(row.ReexportOfExportRowID, exports[row.PromotionPacketID], l.latestExport(row.PromotionPacketID, r.known))
				exports[row.PromotionPacketID] = next
			}
			line, err := place(row, r.templates[i])
			if err != nil {
				return draft{}, fmt.Errorf("%w: %w", ErrBadRow, err)
			}
			row.line = line
			d.body = append(d.body, line...)
			d.fresh = append(d.fresh, row)
			next, prev = next+1, worm.Sum(line)
			drafted[row.Key()] = row
			result[i] = Appended{Row: row}
		}
		d.results = append(d.results, result)
	}
	return d, nil
}

// latestExport returns the number of a packet's latest export row, or 0.
func (l *Log) latestExport(packetID string, old known) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return max(l.index.exports[packetID], old.packets[packetID].latestExport)
}
