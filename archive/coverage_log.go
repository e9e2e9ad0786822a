package archive

import (
	"cmp"
	"context"
	"errors"

	"github.com/go-json-experiment/json"

	"github.com/holdfast-archive/holdfast/exportlog"
)

// readLog takes the exports and links of the log, as they stand corrected. A row's
// corrections lie anywhere behind it, so the rows are sorted by their packets first,
// and no more is held in memory than the corrections of one packet.
func (c *comparison) readLog(ctx context.Context) error {
	rows := newSorter(ctx, c.tempDir, codec[exportlog.Row]{
		compare: byPacket,
		encode:  func(r exportlog.Row) ([]byte, error) { return r.Line(), nil },
		decode: func(line []byte) (r exportlog.Row, err error) {
			err = json.Unmarshal(line, &r)
			return r, err
		},
	})
	defer rows.close()
	for r, err := range c.log.Rows(ctx, 1) {
		if errors.Is(err, exportlog.ErrDamaged) {
			c.damage = err
			continue
		}
		if err != nil {
			return err
		}
		switch r.Kind {
		case exportlog.KindExport, exportlog.KindLink, exportlog.KindCorrection:
			if err := rows.put(r); err != nil {
				return err
			}
		}
	}
	return c.readSorted(rows)
}

// byPacket puts a packet's corrections before the rest of its rows.
func byPacket(a, b exportlog.Row) int {
	rank := func(r exportlog.Row) int {
		if r.Kind == exportlog.KindCorrection {
			return 0
		}
		return 1
	}
	return cmp.Or(cmp.Compare(a.PromotionPacketID, b.PromotionPacketID), cmp.Compare(rank(a), rank(b)), cmp.Compare(a.ExportRowID, b.ExportRowID))
}

func (c *comparison) readSorted(rows *sorter[exportlog.Row]) error {
	var packet string
	var corrections []exportlog.Row
	for r, err := range rows.sorted() {
		if err != nil {
			return err
		}
		if r.PromotionPacketID != packet {
			packet, corrections = r.PromotionPacketID, nil
		}
		if r.Kind == exportlog.KindCorrection {
			corrections = append(corrections, r)
			continue
		}
		if len(corrections) > 0 {
			r = r.Corrected(corrections)
		}
		if err := c.readRow(r); err != nil {
			return err
		}
	}
	return nil
}

func (c *comparison) readRow(r exportlog.Row) error {
	if r.Kind == exportlog.KindExport {
		s := standingOf(r)
		if c.inWindow(s.when()) {
			c.summary.Exports++
		}
		if err := c.standings.put(s); err != nil {
			return err
		}
	}
	return c.readLink(r)
}
