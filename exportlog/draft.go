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
	refused []error // why a request has no rows in it
	written bool    // by us, and not yet taken into what we know
}

// draft numbers and chains the rows of a group onto the head we know, leaving
// out those the log already has, and requests that the log does not allow.
func (l *Log) draft(ctx context.Context, group []*request) (draft, error) {
	d, err := l.newDrafting(group)
	if err != nil {
		return draft{}, err
	}
	for _, r := range group {
		existing, had, err := d.lookUp(ctx, r)
		if err != nil {
			return draft{}, err
		}
		refused := l.refusal(r, had, d.holds)
		var result []Appended
		if refused == nil {
			if result, err = d.add(r, existing, had); err != nil {
				return draft{}, err
			}
		}
		d.results, d.refused = append(d.results, result), append(d.refused, refused)
	}
	return d.draft, nil
}

// drafting is a draft that grows, and what its rows say to those that follow.
type drafting struct {
	draft
	log     *Log
	next    int64            // export_row_id
	prev    worm.Digest      // of the line before
	root    worm.Digest      // for the first row
	drafted map[Key]int      // in fresh
	exports map[string]int64 // by promotion_packet_id
	holds   holds
}

func (l *Log) newDrafting(group []*request) (drafting, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.damage(); err != nil {
		return drafting{}, err
	}
	rows, size := 0, 0 // at the most
	for _, r := range group {
		rows, size = rows+len(r.rows), size+r.bytes
	}
	return drafting{
		draft: draft{number: l.index.commits() + 1, group: group, body: make([]byte, 0, size), fresh: make([]Row, 0, rows)},
		log:   l, next: l.chain.rows + 1, prev: l.chain.last, root: l.chain.tree.root(),
		drafted: make(map[Key]int, rows), exports: make(map[string]int64, rows), holds: holds{},
	}, nil
}

// lookUp returns the rows of a request that the log or the draft already has.
func (d *drafting) lookUp(ctx context.Context, r *request) (existing []Row, had []bool, err error) {
	existing, had = make([]Row, len(r.rows)), make([]bool, len(r.rows))
	for i, row := range r.rows {
		if at, again := d.drafted[row.Key()]; again {
			existing[i], had[i] = d.fresh[at], true
			continue
		}
		if existing[i], had[i], err = d.log.had(ctx, row.Key(), r.known); err != nil {
			return nil, nil, err
		}
	}
	return existing, had, nil
}

// add takes the rows of a request that are new.
func (d *drafting) add(r *request, existing []Row, had []bool) ([]Appended, error) {
	result := make([]Appended, len(r.rows))
	for i, row := range r.rows {
		at, again := d.drafted[row.Key()]
		switch {
		case had[i]:
			result[i] = Appended{Row: existing[i], Existing: !(r.proposed[i] && existing[i].Nonce == d.log.nonce)}
		case again: // in one call
			result[i] = Appended{Row: d.fresh[at], Existing: true}
		default:
			placed, err := d.place(row, r, i)
			if err != nil {
				return nil, fmt.Errorf("%w: %w", ErrBadRow, err)
			}
			result[i] = Appended{Row: placed}
		}
	}
	return result, nil
}

// place numbers a row and chains it to the one before.
func (d *drafting) place(row Row, r *request, i int) (Row, error) {
	row.SchemaVersion, row.ExportRowID, row.PrevRowSHA256, row.PrevRootSHA256 = SchemaVersion, d.next, d.prev, d.root
	if row.Kind == KindExport {
		row.ReexportOfExportRowID = max(row.ReexportOfExportRowID, d.exports[row.PromotionPacketID], d.log.latestExport(row.PromotionPacketID, r.known))
		d.exports[row.PromotionPacketID] = d.next
	}
	line, err := place(row, r.templates[i])
	if err != nil {
		return Row{}, err
	}
	row.line = line
	d.body, d.fresh = append(d.body, line...), append(d.fresh, row)
	d.next, d.prev, d.root = d.next+1, worm.Sum(line), worm.Digest{}
	d.drafted[row.Key()] = len(d.fresh) - 1
	d.holds.add(row)
	return row, nil
}

// latestExport returns the number of a packet's latest export row, or 0.
func (l *Log) latestExport(packetID string, old known) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return max(l.index.exports[packetID], old.packets[packetID].latestExport)
}
