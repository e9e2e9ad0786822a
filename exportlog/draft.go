package exportlog

import (
	"context"
	"fmt"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// draft is the commit we would like to be the next.
type draft struct {
	number  int64
	body    []byte // empty when every row is already in the log
	results [][]Appended
}

// draft numbers and chains the rows of a group onto the head we know, leaving
// out those the log already has.
func (l *Log) draft(ctx context.Context, group []*request) (draft, error) {
	l.mu.Lock()
	next, prev := l.chain.rows+1, l.chain.last
	d := draft{number: int64(len(l.index.starts)) + 1}
	err := l.damage()
	l.mu.Unlock()
	if err != nil {
		return draft{}, err
	}
	fresh := map[string]Row{}          // by idempotency_key
	freshExports := map[string]int64{} // by promotion_packet_id
	for _, r := range group {
		result := make([]Appended, len(r.rows))
		for i, row := range r.rows {
			if had, ok, err := l.existing(ctx, row.IdempotencyKey, fresh); err != nil {
				return draft{}, err
			} else if ok {
				result[i] = Appended{Row: had, Existing: true}
				continue
			}
			row.SchemaVersion, row.ExportRowID, row.PrevRowSHA256, row.Nonce = SchemaVersion, next, prev, l.nonce
			row.ReexportOfExportRowID = 0
			if row.Kind == KindExport {
				row.ReexportOfExportRowID = l.latestExport(row.PromotionPacketID, freshExports)
				freshExports[row.PromotionPacketID] = next
			}
			line, err := encode(row)
			if err != nil {
				return draft{}, fmt.Errorf("%w: %w", ErrBadRow, err)
			}
			row.line = line
			d.body = append(d.body, line...)
			next, prev = next+1, worm.Sum(line)
			fresh[row.IdempotencyKey] = row
			result[i] = Appended{Row: row}
		}
		d.results = append(d.results, result)
	}
	return d, nil
}

// existing returns the row that already has a key: one drafted a moment ago, or
// one in the log.
func (l *Log) existing(ctx context.Context, key string, fresh map[string]Row) (Row, bool, error) {
	if row, ok := fresh[key]; ok {
		return row, true, nil
	}
	l.mu.Lock()
	commit, ok := l.index.keys[key]
	l.mu.Unlock()
	if !ok {
		return Row{}, false, nil
	}
	rows, err := l.rowsOf(ctx, commit)
	if err != nil {
		return Row{}, false, err
	}
	for _, row := range rows {
		if row.IdempotencyKey == key {
			return row, true, nil
		}
	}
	return Row{}, false, &DamagedError{Findings: []Finding{{Object: commitKey(commit), Problem: "it no longer has the row with idempotency_key " + key}}}
}

func (l *Log) latestExport(packetID string, fresh map[string]int64) int64 {
	if row, ok := fresh[packetID]; ok {
		return row
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.index.exports[packetID]
}
