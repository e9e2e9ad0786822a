package linkage

import (
	"context"
	"fmt"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
)

// Pack is the evidence of one export, to be handed to somebody who has nothing else:
// not the bucket, not the log, not this library. [Pack.WriteDir] and [Pack.WriteZip] write
//
//	VERIFY.md                     how to check all of it with bash, openssl, jq and coreutils, and with cosign
//	SHA256SUMS                    of every other file
//	packet/packet.json            as it was given (packet.csv for a row of a CSV file)
//	packet/exhibits/<name>        escaped as in the bucket
//	manifest.sigstore.json        unless it is withheld
//	contents                      what the export row's idempotency_key is the SHA-256 of
//	rows/<export_row_id>.jsonl    the lines of the log about this export
//	proofs/<export_row_id>.json   that the checkpoint's log has each of them, by RFC 6962
//	checkpoint                    the log's signed checkpoint
//	keys/                         the public keys of manifest and log
//	lineage.html, lineage.json    the story: see [Lineage]
//
// Of other exports it has nothing but hashes, which each row's random nonce keeps from
// being guessed at; RevealPeers apart.
type Pack struct {
	Export     exportlog.Row
	Rows       []exportlog.Row      // about the export, itself among them, in the order of the log
	Checkpoint exportlog.Checkpoint // zero without proofs
	Peers      int                  // other packets that the manifest in the pack names

	evidence archive.Evidence
	files    []packFile // in the order they are written
	keys     []packKey
	at       time.Time // of every file
}

// Pack gathers the evidence of one export. It reads the log and verifies the manifest;
// exhibits are read when the pack is written. If the latest checkpoint does not cover
// every row about the export, a new one is signed, or [ErrNoProofs] returned where the
// archive does not have the log's private key. What an incident leads to is found with
// [Linker.Locate].
func (l *Linker) Pack(ctx context.Context, exportRowID int64, o PackOptions) (_ *Pack, err error) {
	ctx, op := l.watch.Start(ctx, "pack evidence", asked(exportlog.Query{ExportRowID: exportRowID}))
	defer op.End(&err)
	p := &Pack{}
	if err := p.gather(ctx, l, exportRowID, o); err != nil {
		return nil, fmt.Errorf("linkage: pack row %d: %w", exportRowID, err)
	}
	return p, nil
}

func (p *Pack) gather(ctx context.Context, l *Linker, exportRowID int64, o PackOptions) error {
	if err := p.readRows(ctx, l, exportRowID); err != nil {
		return err
	}
	for e, err := range l.archive.EvidenceOf(ctx, each([]exportlog.Row{p.Export})) {
		if err != nil {
			return err
		}
		p.evidence = e
	}
	peers := len(p.evidence.Statement.Predicate.Packets) - 1
	switch {
	case peers > 0 && o.Peers == RefusePeers:
		return &PeersError{p.Export.ExportBatchID, peers}
	case peers > 0 && o.Peers == WithholdManifest && o.WithoutProofs:
		return fmt.Errorf("%w, and without proofs the manifest, which would be withheld, is all there is", ErrPeers)
	}
	withheld := peers > 0 && o.Peers == WithholdManifest
	if !withheld {
		p.Peers = peers
	}
	if err := p.addPacket(); err != nil {
		return err
	}
	if !withheld {
		if err := p.addManifest(ctx); err != nil {
			return err
		}
	}
	if err := p.addRows(ctx, l, o); err != nil {
		return err
	}
	if err := p.addLineage(ctx, l, o.Events); err != nil {
		return err
	}
	return p.addInstructions(withheld)
}

func (p *Pack) readRows(ctx context.Context, l *Linker, exportRowID int64) error {
	export, err := l.log.Find(ctx, exportlog.Query{ExportRowID: exportRowID})
	if err != nil && len(export) == 0 {
		return err
	}
	if len(export) != 1 || export[0].Kind != exportlog.KindExport {
		return fmt.Errorf("%w: row %d is not an export", ErrNotLocated, exportRowID)
	}
	p.Export = export[0]
	rows, err := l.log.Find(ctx, exportlog.Query{PromotionPacketID: p.Export.PromotionPacketID})
	if err != nil {
		return err // a pack that leaves out what cannot be read would mislead
	}
	p.Rows = about(rows, exportRowID)
	p.at = p.Rows[len(p.Rows)-1].RecordedAtUTC.UTC().Truncate(2 * time.Second) // a zip's own resolution
	return nil
}
