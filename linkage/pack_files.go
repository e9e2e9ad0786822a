package linkage

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

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
