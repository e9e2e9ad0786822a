package exportlog

import (
	"context"
	"fmt"

	"github.com/go-json-experiment/json"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// Proof shows that a line is row ExportRowID of the log whose checkpoint has Size
// rows: the hashes of RFC 6962, section 2.1.1, from the leaf up.
type Proof struct {
	ExportRowID int64         `json:"export_row_id"`
	Size        int64         `json:"size"`
	Hashes      []worm.Digest `json:"hashes"`
}

// ConsistencyProof shows that a log of NewSize rows begins with the very rows
// that it had at OldSize: the hashes of RFC 6962, section 2.1.2.
type ConsistencyProof struct {
	OldSize int64         `json:"old_size"`
	NewSize int64         `json:"new_size"`
	Hashes  []worm.Digest `json:"hashes"`
}

// maxProofBytes and maxProofHashes bound proofs that are read.
const (
	maxProofBytes  = 16 << 10
	maxProofHashes = 128
)

// ParseProof reads a proof from JSON, of at most 16 KiB. It proves nothing by itself: see
// [VerifyRow].
func ParseProof(b []byte) (p Proof, err error) {
	if len(b) > maxProofBytes {
		return Proof{}, fmt.Errorf("exportlog: proof: %d bytes, the limit is %d", len(b), maxProofBytes)
	}
	if err := json.Unmarshal(b, &p); err != nil {
		return Proof{}, fmt.Errorf("exportlog: proof: %w", err)
	}
	return p, nil
}

// view is the log's tree at one moment: what is below the base from tiles, the
// rest from memory.
type view struct {
	head  Head
	kept  tree
	tiles tlog.HashReader
}

// view returns the tree as of the last read.
func (l *Log) view(ctx context.Context) (view, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.damage(); err != nil {
		return view{}, err
	}
	return view{head: l.chain.head(), kept: l.chain.tree.clone(), tiles: l.tiles.under(ctx, l.floor.start().tree())}, nil
}

// ReadHashes implements tlog.HashReader.
func (v view) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	var older []int64
	var places []int
	for i, at := range indexes {
		if h, ok := v.kept.hashes[at]; ok {
			hashes[i] = h
			continue
		}
		older, places = append(older, at), append(places, i)
	}
	if len(older) == 0 {
		return hashes, nil
	}
	got, err := v.tiles.ReadHashes(older)
	if err != nil {
		return nil, err
	}
	for i, h := range got {
		hashes[places[i]] = h
	}
	return hashes, nil
}

// ProveRow returns the proof that a row is in the log as it was at some size,
// which is a checkpoint's. With it, the row's line and the checkpoint, anybody
// can check that without the log: see [VerifyRow].
func (l *Log) ProveRow(ctx context.Context, exportRowID, size int64) (Proof, error) {
	v, err := l.provable(ctx, size)
	if err == nil && (exportRowID < 1 || exportRowID > size) {
		err = fmt.Errorf("there is no such row among the first %d", size)
	}
	var hashes []tlog.Hash
	if err == nil {
		hashes, err = tlog.ProveRecord(size, exportRowID-1, v)
	}
	if err != nil {
		return Proof{}, fmt.Errorf("exportlog: prove row %d: %w", exportRowID, err)
	}
	return Proof{ExportRowID: exportRowID, Size: size, Hashes: digests(hashes)}, nil
}

// ProveConsistency returns the proof that the log as it was at one size is the
// beginning of the log as it was at a later one.
func (l *Log) ProveConsistency(ctx context.Context, oldSize, newSize int64) (ConsistencyProof, error) {
	v, err := l.provable(ctx, newSize)
	if err == nil && (oldSize < 1 || oldSize > newSize) {
		err = fmt.Errorf("%d is not a size between 1 and %d", oldSize, newSize)
	}
	var hashes []tlog.Hash
	if err == nil {
		hashes, err = tlog.ProveTree(newSize, oldSize, v)
	}
	if err != nil {
		return ConsistencyProof{}, fmt.Errorf("exportlog: prove that %d rows begin with %d: %w", newSize, oldSize, err)
	}
	return ConsistencyProof{OldSize: oldSize, NewSize: newSize, Hashes: digests(hashes)}, nil
}

// provable returns a view of at least some rows.
func (l *Log) provable(ctx context.Context, size int64) (view, error) {
	if _, err := l.current(ctx); err != nil {
		return view{}, err
	}
	v, err := l.view(ctx)
	if err == nil && (size < 1 || size > v.head.Size) {
		err = fmt.Errorf("the log has %d rows, not %d", v.head.Size, size)
	}
	return v, err
}

// VerifyRow checks, with nothing but its arguments, that a line is in the log
// that the checkpoint's key vouches for, and returns it as a row. The line is a
// row's own bytes, newline included. What is not proven is an error that matches
// [ErrNoProof].
func VerifyRow(line []byte, proof Proof, checkpoint []byte, key *CheckpointKey) (Row, error) {
	c, err := key.ParseCheckpoint(checkpoint)
	if err != nil {
		return Row{}, err
	}
	row, err := decode(line)
	if err != nil {
		return Row{}, fmt.Errorf("exportlog: verify row: %w: %w", ErrNoProof, err)
	}
	if proof.Size != c.Size || proof.ExportRowID != row.ExportRowID || row.ExportRowID > c.Size || len(proof.Hashes) > maxProofHashes {
		return Row{}, fmt.Errorf("exportlog: verify row %d: %w: the proof is for row %d of %d, the checkpoint has %d rows",
			row.ExportRowID, ErrNoProof, proof.ExportRowID, proof.Size, c.Size)
	}
	if err := tlog.CheckRecord(hashesOf(proof.Hashes), c.Size, tlog.Hash(c.Root), row.ExportRowID-1, tlog.RecordHash(line)); err != nil {
		return Row{}, fmt.Errorf("exportlog: verify row %d: %w: the line is not row %d of the log that was signed: %w", row.ExportRowID, ErrNoProof, row.ExportRowID, err)
	}
	return row, nil
}

// VerifyConsistency checks, with nothing but its arguments, that what one
// checkpoint was signed over is the beginning of what another was. What is not
// proven is an error that matches [ErrNoProof].
func VerifyConsistency(proof ConsistencyProof, older, newer []byte, key *CheckpointKey) error {
	o, err := key.ParseCheckpoint(older)
	if err != nil {
		return err
	}
	n, err := key.ParseCheckpoint(newer)
	if err != nil {
		return err
	}
	if proof.OldSize != o.Size || proof.NewSize != n.Size || o.Size < 1 || o.Size > n.Size || len(proof.Hashes) > maxProofHashes {
		return fmt.Errorf("exportlog: verify consistency: %w: the proof leads from %d to %d rows, the checkpoints from %d to %d",
			ErrNoProof, proof.OldSize, proof.NewSize, o.Size, n.Size)
	}
	if err := tlog.CheckTree(hashesOf(proof.Hashes), n.Size, tlog.Hash(n.Root), o.Size, tlog.Hash(o.Root)); err != nil {
		return fmt.Errorf("exportlog: verify consistency: %w: the log of %d rows does not begin with the %d that were signed before: %w", ErrNoProof, n.Size, o.Size, err)
	}
	return nil
}

func digests(hashes []tlog.Hash) []worm.Digest {
	all := make([]worm.Digest, len(hashes))
	for i, h := range hashes {
		all[i] = worm.Digest(h)
	}
	return all
}

func hashesOf(digests []worm.Digest) []tlog.Hash {
	all := make([]tlog.Hash, len(digests))
	for i, d := range digests {
		all[i] = tlog.Hash(d)
	}
	return all
}
