package linkage

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// addRows adds the rows and, unless they are to go without, what proves them.
func (p *Pack) addRows(ctx context.Context, l *Linker, o PackOptions) error {
	for _, r := range p.Rows {
		p.add(rowName("rows", r, "jsonl"), r.Line())
	}
	if o.WithoutProofs {
		return nil
	}
	if err := p.findCheckpoint(ctx, l.log); err != nil {
		return err
	}
	for _, r := range p.Rows {
		proof, err := l.log.ProveRow(ctx, r.ExportRowID, p.Checkpoint.Size)
		if err != nil {
			return err
		}
		b, err := json.Marshal(proof)
		if err != nil {
			return err
		}
		p.add(rowName("proofs", r, "json"), append(b, '\n'))
	}
	key := l.log.CheckpointKey()
	pem, err := key.PublicPEM()
	if err != nil {
		return err
	}
	p.add("checkpoint", p.Checkpoint.Note)
	p.addKey("keys/checkpoint.pub.pem", pem)
	p.add("keys/checkpoint.vkey", []byte(key.Public()+"\n"))
	return nil
}

func rowName(folder string, r exportlog.Row, extension string) string {
	return fmt.Sprintf("%s/%012d.%s", folder, r.ExportRowID, extension)
}

// findCheckpoint returns a checkpoint that covers the rows: the latest if it does, or
// a new one.
func (p *Pack) findCheckpoint(ctx context.Context, log *exportlog.Log) error {
	key := log.CheckpointKey()
	if key == nil {
		return fmt.Errorf("%w: open the archive with Config.Checkpoints, or ask for a pack WithoutProofs", ErrNoProofs)
	}
	last := p.Rows[len(p.Rows)-1].ExportRowID
	c, err := log.LatestCheckpoint(ctx)
	if err != nil && !errors.Is(err, worm.ErrNotFound) {
		return err
	}
	if c.Size < last && !key.CanSign() {
		return fmt.Errorf("%w: the latest covers %d rows, row %d is about this export; whoever has the log's private key must sign one with Log.Checkpoint", ErrNoProofs, c.Size, last)
	}
	if c.Size < last {
		c, err = log.Checkpoint(ctx)
	} else {
		err = nil
	}
	p.Checkpoint = c
	return err
}
