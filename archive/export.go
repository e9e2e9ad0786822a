package archive

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/policy"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// Receipt is proof that a packet is archived: the row that says so. Keep its
// ExportRowID and ArchiveURI with the deployment.
type Receipt struct {
	exportlog.Row
	AlreadyExported bool // the same packet was exported before; Row is the first export's, and nothing was written
}

// Export archives one packet. When it returns, the packet and its exhibits are
// stored and locked, a signed manifest says why they are kept, and the log has a
// row that points to both.
//
// Export is idempotent: the same packet with the same exhibits, exported again
// by anybody, returns the first receipt. After an error, or a crash at any
// point, export the same packet again: what was done is found and the rest is
// completed. A packet with other bytes under the same promotion_packet_id is
// kept beside the first, and its row names the earlier one in
// reexport_of_export_row_id.
//
// A packet that cannot be exported is a [PacketError] and leaves nothing behind.
//
// With [Config.Spool], an export that cannot be made now, because the bucket, the key
// or a timestamp authority does not answer, is a [PendingError]: there is no receipt,
// the packet is safe on this machine, and it is exported later.
func (a *Archive) Export(ctx context.Context, p Packet) (Receipt, error) {
	receipts, err := a.exportOrSpool(ctx, []Packet{p})
	if err != nil {
		return Receipt{}, fmt.Errorf("archive: export: %w", err)
	}
	return receipts[0], nil
}

// ExportBatch archives packets under one manifest and export_batch_id, as many as one
// manifest holds ([manifest.MaxSubjects] objects, exhibits included), then the next, and
// returns their receipts in the order given. Packets are checked first: if any cannot be
// exported, nothing is written and the error has a [PacketError] for each.
//
// Otherwise ExportBatch is as [Archive.Export]: after an error some manifests'
// packets may be exported and others not, and exporting them all again
// completes the rest.
func (a *Archive) ExportBatch(ctx context.Context, packets []Packet) ([]Receipt, error) {
	receipts, err := a.exportOrSpool(ctx, packets)
	if err != nil {
		return nil, fmt.Errorf("archive: export %d packets: %w", len(packets), err)
	}
	return receipts, nil
}

// admitted checks all that can be checked without the bucket and the key.
func (a *Archive) admitted(ctx context.Context, packets []Packet) ([]*item, error) {
	if a.operator == "" || a.signer == nil && a.spool == nil {
		return nil, fmt.Errorf("%w: set Config.Signer and Config.Operator to export", ErrReadOnly)
	}
	if err := a.policy.Allows(policy.Export, a.operator); err != nil {
		return nil, err
	}
	return a.prepare(ctx, packets)
}

// export exports packets for an operator.
func (a *Archive) export(ctx context.Context, operator string, items []*item) ([]Receipt, error) {
	began := time.Now()
	logged, err := a.log.Existing(ctx, logKeys(items)...)
	if err != nil {
		return nil, err
	}
	receipts := map[string]Receipt{}
	for key, row := range logged {
		receipts[key.IdempotencyKey] = Receipt{Row: row, AlreadyExported: true}
	}
	for _, batch := range batches(items, logged) {
		batch.operator = operator
		rows, err := a.exportBatch(ctx, batch)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			receipts[r.IdempotencyKey] = Receipt{Row: r.Row, AlreadyExported: r.Existing}
		}
	}
	inOrder := make([]Receipt, len(items))
	for i, it := range items {
		inOrder[i] = receipts[it.idempotencyKey]
	}
	a.watch.exported(ctx, items, inOrder, time.Since(began))
	return inOrder, nil
}

// exportBatch takes the packets of one manifest the whole way: decided, stored,
// signed, logged. A process that dies on the way leaves locked objects that the
// next attempt finds and builds on, and that count for nothing until the row is
// there.
func (a *Archive) exportBatch(ctx context.Context, b batch) ([]exportlog.Appended, error) {
	if err := a.watch.stage(ctx, "classify packets", b, func(context.Context) error { return a.decide(&b) }); err != nil {
		return nil, err
	}
	if err := a.watch.stage(ctx, "store packets", b, func(ctx context.Context) error { return a.storeObjects(ctx, &b) }); err != nil {
		return nil, err
	}
	var s sealed
	if err := a.watch.stage(ctx, "sign manifest", b, func(ctx context.Context) (err error) { s, err = a.seal(ctx, b); return err }); err != nil {
		return nil, err
	}
	return a.log.Append(ctx, s.rows(b)...) // a stage that the log itself reports
}

// prepare checks packets and hashes their exhibits, without writing anything.
func (a *Archive) prepare(ctx context.Context, packets []Packet) ([]*item, error) {
	var items []*item
	var problems []error
	for _, p := range packets {
		it, err := a.prepareOne(ctx, p)
		items, problems = append(items, it), append(problems, err)
	}
	return items, errors.Join(problems...)
}

func (a *Archive) prepareOne(ctx context.Context, p Packet) (*item, error) {
	if err := admit(a.policy, p, a.clock()); err != nil {
		return nil, err
	}
	id, err := worm.EscapeSegment(p.Header.PromotionPacketID)
	if err != nil {
		return nil, p.problem("promotion_packet_id", fmt.Errorf("%w: %w", ErrBadID, err))
	}
	exhibits, err := p.measure(ctx)
	if err != nil {
		return nil, err
	}
	return newItem(p, packetFolder(id, p.SHA256()), exhibits), nil
}
