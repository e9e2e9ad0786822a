package exportlog

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// CheckpointKey is the log's own Ed25519 key. It signs what the log came to, for
// witnesses and for proofs; manifests are signed by another.
type CheckpointKey struct {
	signer   note.Signer
	verifier note.Verifier
	public   string // as it was given
}

// NewCheckpointKey reads a private and a public key as [note.GenerateKey] writes
// them. The name in both is the log's origin: a name that nobody else's log has,
// such as evidence.example.com/release. Without a private key checkpoints can be
// verified and not signed.
func NewCheckpointKey(private, public string) (*CheckpointKey, error) {
	verifier, err := note.NewVerifier(public)
	if err != nil {
		return nil, fmt.Errorf("exportlog: the public key for checkpoints: %w", err)
	}
	k := &CheckpointKey{verifier: verifier, public: public}
	if private == "" {
		return k, nil
	}
	if k.signer, err = note.NewSigner(private); err != nil {
		return nil, fmt.Errorf("exportlog: the private key for checkpoints: %w", err)
	}
	if k.signer.Name() != verifier.Name() || k.signer.KeyHash() != verifier.KeyHash() {
		return nil, errors.New("exportlog: the private and the public key for checkpoints do not belong together")
	}
	return k, nil
}

// Checkpoint is the log at one size, as a C2SP tlog-checkpoint: a signed note
// that holds the origin, the size and the root.
type Checkpoint struct {
	Origin string
	Size   int64
	Root   worm.Digest
	Note   []byte // the signed note itself
}

const maxCheckpointBytes = 64 << 10

// ParseCheckpoint reads a signed note and checks that the key has signed it.
func (k *CheckpointKey) ParseCheckpoint(signed []byte) (Checkpoint, error) {
	if len(signed) > maxCheckpointBytes {
		return Checkpoint{}, fmt.Errorf("exportlog: checkpoint: %w: %d bytes, the limit is %d", ErrNoProof, len(signed), maxCheckpointBytes)
	}
	n, err := note.Open(signed, note.VerifierList(k.verifier))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("exportlog: checkpoint: %w: %w", ErrNoProof, err)
	}
	c, err := parseCheckpointText(n.Text)
	if err == nil && c.Origin != k.verifier.Name() {
		err = fmt.Errorf("its origin is %.80q, the key is of %q", c.Origin, k.verifier.Name())
	}
	if err != nil {
		return Checkpoint{}, fmt.Errorf("exportlog: checkpoint: %w: %w", ErrNoProof, err)
	}
	c.Note = bytes.Clone(signed)
	return c, nil
}

func parseCheckpointText(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 || lines[0] == "" {
		return Checkpoint{}, errors.New("it does not have the three lines of origin, size and root")
	}
	tree, err := tlog.ParseTree(fmt.Appendf(nil, "go.sum database tree\n%s\n%s\n", lines[1], lines[2]))
	if err != nil {
		return Checkpoint{}, errors.New("its second and third line are not a size and a root")
	}
	c := Checkpoint{Origin: lines[0], Size: tree.N, Root: worm.Digest(tree.Hash)}
	if !strings.HasPrefix(text, c.text()) { // base64 has several spellings of the same bytes
		return Checkpoint{}, errors.New("its second and third line are not spelled as a size and a root are")
	}
	return c, nil
}

func (c Checkpoint) text() string {
	return fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, base64.StdEncoding.EncodeToString(c.Root[:]))
}

// Checkpoint signs what the log comes to now and keeps it in the bucket, under
// the lock of a commit, with the tiles that readers of C2SP tlog-tiles want at
// this size. A log that has a checkpoint at this size already returns that one.
//
// Before it signs, Checkpoint holds the log to its latest checkpoint: a log that
// is no continuation of what was signed is a [DamagedError] and is not signed.
func (l *Log) Checkpoint(ctx context.Context) (Checkpoint, error) {
	c, err := l.checkpoint(ctx)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("exportlog: checkpoint: %w", err)
	}
	return c, nil
}

func (l *Log) checkpoint(ctx context.Context) (Checkpoint, error) {
	key := l.cfg.Checkpoints
	if key == nil || key.signer == nil {
		return Checkpoint{}, errors.New("Config.Checkpoints has no private key")
	}
	latest, err := l.LatestCheckpoint(ctx) // before the head: others append and sign meanwhile
	if err != nil && !errors.Is(err, worm.ErrNotFound) {
		return Checkpoint{}, err
	}
	if _, err := l.current(ctx); err != nil {
		return Checkpoint{}, err
	}
	view, err := l.view(ctx)
	if err != nil {
		return Checkpoint{}, err
	}
	if err := view.continues(latest); err != nil {
		return Checkpoint{}, err
	}
	c := Checkpoint{Origin: key.signer.Name(), Size: view.head.Size, Root: view.head.Root}
	if c.Note, err = note.Sign(&note.Note{Text: c.text()}, key.signer); err != nil {
		return Checkpoint{}, err
	}
	if err := l.putPartials(ctx, view); err != nil {
		return Checkpoint{}, err
	}
	return c, l.putCheckpoint(ctx, c)
}

func (l *Log) putCheckpoint(ctx context.Context, c Checkpoint) error {
	spec := worm.Spec{
		Size: int64(len(c.Note)), SHA256: worm.Sum(c.Note),
		Lock: l.cfg.Lock(l.cfg.Clock().UTC().Truncate(time.Second)), ContentType: "text/plain; charset=utf-8",
	}
	_, err := l.store.Put(ctx, checkpointKey(c.Size), bytes.NewReader(c.Note), spec)
	return l.settleDerived(checkpointKey(c.Size), err)
}

// LatestCheckpoint returns the checkpoint in the bucket that is signed over the
// most rows. None is an error that matches [worm.ErrNotFound]. One that the key
// has not signed is an error that matches [ErrNoProof].
func (l *Log) LatestCheckpoint(ctx context.Context) (Checkpoint, error) {
	if l.cfg.Checkpoints == nil {
		return Checkpoint{}, errors.New("exportlog: latest checkpoint: Config.Checkpoints has no key")
	}
	latest := int64(-1)
	for e, err := range l.store.List(ctx, checkpointPrefix) {
		if err != nil {
			return Checkpoint{}, fmt.Errorf("exportlog: latest checkpoint: %w", err)
		}
		if size, ok := checkpointSize(e.Ref.Key); ok {
			latest = size
		}
	}
	if latest < 0 {
		return Checkpoint{}, fmt.Errorf("exportlog: latest checkpoint: %w", worm.ErrNotFound)
	}
	return l.readCheckpoint(ctx, checkpointKey(latest))
}

func (l *Log) readCheckpoint(ctx context.Context, key string) (Checkpoint, error) {
	return l.cfg.Checkpoints.read(ctx, l.store, key)
}

func (k *CheckpointKey) read(ctx context.Context, store *worm.Store, key string) (Checkpoint, error) {
	signed, err := store.Read(ctx, worm.Ref{Key: key}, maxCheckpointBytes)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("exportlog: read %s: %w", key, err)
	}
	c, err := k.ParseCheckpoint(signed)
	if err == nil && checkpointKey(c.Size) != key {
		err = fmt.Errorf("%w: %s is signed over %d rows", ErrNoProof, key, c.Size)
	}
	return c, err
}

// continues checks that a checkpoint is of the beginning of this log.
func (v view) continues(c Checkpoint) error {
	switch {
	case c.Size == 0:
		return nil
	case c.Size > v.head.Size:
		return &DamagedError{Findings: []Finding{{Kind: Truncated, Object: checkpointKey(c.Size), ExportRowID: v.head.Size + 1,
			Problem: fmt.Sprintf("was signed over %s, the log has %d: its end was cut off, with %s", manyRows(c.Size), v.head.Size, rowRange(v.head.Size+1, c.Size))}}}
	}
	root, err := tlog.TreeHash(c.Size, v)
	if err != nil {
		return err
	}
	if worm.Digest(root) != c.Root {
		return &DamagedError{Findings: []Finding{{Kind: Forked, Object: checkpointKey(c.Size), ExportRowID: 1,
			Problem: fmt.Sprintf("was signed over other rows than the log has: the first that was rewritten is in %s", rowRange(1, c.Size))}}}
	}
	return nil
}

// putPartials writes the tiles and the entry bundle at the right edge of a tree,
// up to whose last full block everything is derived.
func (l *Log) putPartials(ctx context.Context, v view) error {
	full := v.head.Size &^ (tileWidth - 1)
	if err := l.deriver.seal(ctx, nil); err != nil {
		return err
	}
	if v.head.Size == full {
		return nil
	}
	rows, err := l.rowsIn(ctx, span{full + 1, v.head.Size})
	if err != nil {
		return err
	}
	var bundle []byte
	for _, r := range rows {
		bundle = appendEntry(bundle, r.line)
	}
	objects, err := tileObjects(full, v.head.Size, v)
	if err != nil {
		return err
	}
	objects = append(objects, object{tileKey(tlog.Tile{H: tileHeight, L: -1, N: full / tileWidth, W: len(rows)}), bundle})
	return l.putAll(ctx, parallelReads, objects, l.helpDerived, func(err error) error { return err })
}
