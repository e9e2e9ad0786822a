package linkage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// What a caller of [Linker.Pack] decides on, beside [ErrNotLocated] and
// archive.ErrNotConfirmed.
var (
	// ErrPeers: the export's manifest names other exports.
	ErrPeers = errors.New("the manifest names other exports")
	// ErrNoProofs: no signed checkpoint covers the rows, and none can be signed.
	ErrNoProofs = errors.New("no checkpoint to prove the rows by")
)

// PeersError says how many other packets a manifest names. It matches [ErrPeers].
type PeersError struct {
	ExportBatchID string
	Peers         int
}

func (e *PeersError) Error() string {
	return fmt.Sprintf("%v: batch %s has %d packets beside this one, and whoever gets its manifest reads their ids; choose WithholdManifest or RevealPeers", ErrPeers, e.ExportBatchID, e.Peers)
}

// Is matches ErrPeers.
func (e *PeersError) Is(target error) bool { return target == ErrPeers }

// Peers says what becomes of a manifest that names other exports of its batch. Its
// signature is over all of them, so none can be blacked out.
type Peers int

const (
	// RefusePeers makes no pack: a [PeersError].
	RefusePeers Peers = iota
	// WithholdManifest leaves the manifest out. The log's signature then stands for
	// the row, and the row, through its idempotency_key, for the packet and every exhibit.
	WithholdManifest
	// RevealPeers puts it in, and the pack says that it names others.
	RevealPeers
)

// PackOptions say what goes into a pack.
type PackOptions struct {
	Peers Peers

	// WithoutProofs makes a pack without checkpoint and proofs, which rests on the
	// manifest's signature alone and says so. The log's key is then not needed.
	WithoutProofs bool

	// Events are told in the pack's lineage: see [Story]. Those of other packets are not.
	Events iter.Seq2[Event, error]
}

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

// packFile is one file of a pack.
type packFile struct {
	name   string
	sha256 worm.Digest
	open   func(context.Context) (io.ReadCloser, error)
}

const manifestKeyFile = "keys/manifest.pub.pem"

// packKey is a public key of a pack.
type packKey struct {
	name string
	pem  []byte
}

// Pack gathers the evidence of one export. It reads the log and verifies the manifest;
// exhibits are read when the pack is written. If the latest checkpoint does not cover
// every row about the export, a new one is signed, or [ErrNoProofs] returned where the
// archive does not have the log's private key. What an incident leads to is found with
// [Linker.Locate].
func (l *Linker) Pack(ctx context.Context, exportRowID int64, o PackOptions) (*Pack, error) {
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

func (p *Pack) add(name string, content []byte) {
	p.files = append(p.files, packFile{name, worm.Sum(content), func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(content)), nil
	}})
}

func (p *Pack) addKey(name string, pem []byte) {
	p.keys = append(p.keys, packKey{name, pem})
	p.add(name, pem)
}

// addPacket adds the packet and its exhibits, which are streamed when they are written.
func (p *Pack) addPacket() error {
	e := p.evidence
	document, err := worm.ParseDigest(e.Packet.Document.SHA256)
	if err != nil {
		return err
	}
	p.files = append(p.files, packFile{"packet/" + e.Packet.Document.Name, document, func(ctx context.Context) (io.ReadCloser, error) {
		b, err := e.Document(ctx)
		return io.NopCloser(bytes.NewReader(b)), err
	}})
	for _, o := range e.Packet.Exhibits {
		digest, err := worm.ParseDigest(o.SHA256)
		if err != nil {
			return err
		}
		segment, err := worm.EscapeSegment(o.Name)
		if err != nil {
			return fmt.Errorf("exhibit %.80q: %w", o.Name, err)
		}
		p.files = append(p.files, packFile{"packet/exhibits/" + segment, digest, func(ctx context.Context) (io.ReadCloser, error) {
			return e.Exhibit(ctx, o.Name)
		}})
	}
	p.add("contents", []byte(e.Contents()))
	return nil
}

func (p *Pack) addManifest(ctx context.Context) error {
	bundle, err := p.evidence.Bundle(ctx)
	if err != nil {
		return err
	}
	key, err := p.evidence.PublicKeyPEM()
	if err != nil {
		return err
	}
	p.add("manifest.sigstore.json", bundle)
	if key != nil {
		p.addKey(manifestKeyFile, key)
	}
	return nil
}

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

// addLineage adds the story as far as the pack proves it.
func (p *Pack) addLineage(ctx context.Context, l *Linker, events iter.Seq2[Event, error]) error {
	told, err := l.tell(ctx, Story{ExportRowID: p.Export.ExportRowID, Events: events})
	if err != nil {
		return err
	}
	told.AsOfUTC, told.LogSize, told.LogRoot = p.at, p.Rows[len(p.Rows)-1].ExportRowID, ""
	if p.Checkpoint.Size > 0 {
		told.LogSize, told.LogRoot = p.Checkpoint.Size, p.Checkpoint.Root.String()
	}
	for name, write := range map[string]func(io.Writer) error{"lineage.html": told.WriteHTML, "lineage.json": told.WriteJSON} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			return err
		}
		p.add(name, b.Bytes())
	}
	return nil
}

// addInstructions adds VERIFY.md and the sums, and puts the files in their order.
func (p *Pack) addInstructions(withheld bool) error {
	text, err := p.instructions(withheld)
	if err != nil {
		return err
	}
	p.add("VERIFY.md", text)
	slices.SortFunc(p.files, func(a, b packFile) int { return strings.Compare(a.name, b.name) })
	var sums bytes.Buffer
	for _, f := range p.files {
		fmt.Fprintf(&sums, "%s  ./%s\n", f.sha256, f.name)
	}
	p.add("SHA256SUMS", sums.Bytes())
	return nil
}
