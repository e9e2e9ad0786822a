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
		existing, err := d.lookUp(ctx, r)
		if err != nil {
			return draft{}, err
		}
		refused := l.refusal(r, existing, d.holds)
		var result []Appended
		if refused == nil {
			if result, err = d.add(r, existing); err != nil {
				return draft{}, err
			}
		}
		d.results, d.refused = append(d.results, result), append(d.refused, refused)
	}
	return d.draft, nil
}

// drafting is a draft that grows, and what its rows say to those that follow. What it
// needs of the log is taken at once: it is of one moment, and the log is not locked again
// for each row, while all callers wait for the same lock.
type drafting struct {
	draft
	log     *Log
	next    int64            // export_row_id
	prev    worm.Digest      // of the line before
	root    worm.Digest      // for the first row
	placed  map[Key]int64    // commits of the rows that the log covers already
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
	d := drafting{
		draft: draft{number: l.index.commits() + 1, group: group, body: make([]byte, 0, size), fresh: make([]Row, 0, rows)},
		log:   l, next: l.chain.rows + 1, prev: l.chain.last, root: l.chain.tree.root(),
		placed: map[Key]int64{}, drafted: make(map[Key]int, rows), exports: make(map[string]int64, rows), holds: holds{},
	}
	for _, r := range group {
		for i := range r.rows {
			key := r.rows[i].Key()
			if commit, ok := l.index.keys[key]; ok {
				d.placed[key] = commit
			}
			if export, ok := l.index.exports[key.PromotionPacketID]; ok {
				d.exports[key.PromotionPacketID] = export
			}
		}
	}
	return d, nil
}

// lookUp returns the rows of a request that the log or the draft already has, and nil
// for each that is new.
func (d *drafting) lookUp(ctx context.Context, r *request) (existing []*Row, err error) {
	existing = make([]*Row, len(r.rows))
	for i := range r.rows {
		key := r.rows[i].Key()
		if at, again := d.drafted[key]; again {
			existing[i] = &d.fresh[at]
			continue
		}
		if existing[i], err = d.log.had(ctx, key, d.placed[key], r.known); err != nil {
			return nil, err
		}
	}
	return existing, nil
}

// add takes the rows of a request that are new.
func (d *drafting) add(r *request, existing []*Row) ([]Appended, error) {
	result := make([]Appended, len(r.rows))
	for i, had := range existing {
		at, again := d.drafted[r.rows[i].Key()]
		switch {
		case had != nil:
			result[i] = Appended{Row: *had, Existing: !(r.proposed[i] && had.Nonce == d.log.nonce)}
		case again: // in one call
			result[i] = Appended{Row: d.fresh[at], Existing: true}
		default:
			placed, err := d.place(r, i)
			if err != nil {
				return nil, fmt.Errorf("%w: %w", ErrBadRow, err)
			}
			result[i] = Appended{Row: *placed}
		}
	}
	return result, nil
}

// place numbers a row and chains it to the one before.
func (d *drafting) place(r *request, i int) (*Row, error) {
	d.fresh = append(d.fresh, r.rows[i]) // there is room: see newDrafting
	row := &d.fresh[len(d.fresh)-1]
	row.SchemaVersion, row.ExportRowID, row.PrevRowSHA256, row.PrevRootSHA256 = SchemaVersion, d.next, d.prev, d.root
	if row.Kind == KindExport {
		row.ReexportOfExportRowID = max(row.ReexportOfExportRowID, d.exports[row.PromotionPacketID], r.known.packets[row.PromotionPacketID].latestExport)
		d.exports[row.PromotionPacketID] = d.next
	}
	line, err := place(row, r.templates[i])
	if err != nil {
		return nil, err
	}
	row.line = line
	d.body = append(d.body, line...)
	d.next, d.prev, d.root = d.next+1, worm.Sum(line), worm.Digest{}
	d.drafted[row.Key()] = len(d.fresh) - 1
	d.holds.add(row)
	return row, nil
}
