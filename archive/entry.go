package archive

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/holdfast-archive/holdfast/archive/spool"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

const exhibitsBelow = "exhibits/"

// entry is a packet as it is spooled.
func (a *Archive) entry(it *item) spool.Entry {
	document := it.packet.document
	e := spool.Entry{
		PromotionPacketID:      it.packet.Header.PromotionPacketID,
		PromotionDecisionAtUTC: it.packet.Header.PromotionDecisionAtUTC,
		ExportOperatorAck:      a.operator,
		Bucket:                 a.address(),
		Files: []spool.File{{Path: it.packet.name, Size: int64(len(document)), SHA256: it.sha256.String(), Open: func() (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(document)), nil
		}}},
	}
	if r := it.packet.reconstructed; r != nil {
		e.ReconstructedBy, e.ReconstructedFrom = r.By, r.From
	}
	for _, x := range it.exhibits {
		e.Files = append(e.Files, spool.File{Path: exhibitsBelow + x.segment, Size: x.size, SHA256: x.sha256.String(), Open: x.reopen})
	}
	return e
}

// address tells buckets apart; empty while the bucket is not open.
func (a *Archive) address() string { return a.store.URI(worm.Ref{Key: "log"}) }

// packetOf is the packet of a spooled entry, as it was given.
func (a *Archive) packetOf(e spool.Entry) (Packet, error) {
	if here := a.address(); e.Bucket != "" && here != "" && e.Bucket != here {
		return Packet{}, fmt.Errorf("it was to be exported to %s, this is %s: flush it there", e.Bucket, here)
	}
	document, err := readSmall(e.Files[0])
	if err != nil {
		return Packet{}, err
	}
	p, err := parseAs(e.Files[0].Path, document)
	if err != nil {
		return Packet{}, err
	}
	if p.SHA256().String() != e.Files[0].SHA256 || p.Header.PromotionPacketID != e.PromotionPacketID || !p.Header.PromotionDecisionAtUTC.Equal(e.PromotionDecisionAtUTC) {
		return Packet{}, fmt.Errorf("%w: it says that it is packet %.80q, and its %s says otherwise", spool.ErrDamaged, e.PromotionPacketID, e.Files[0].Path)
	}
	p.source = "spool entry " + e.Name
	if e.ReconstructedBy != "" || e.ReconstructedFrom != "" {
		p = p.Reconstructed(e.ReconstructedBy, e.ReconstructedFrom)
	}
	for _, f := range e.Files[1:] {
		name, err := worm.UnescapeSegment(strings.TrimPrefix(f.Path, exhibitsBelow))
		if err != nil || !strings.HasPrefix(f.Path, exhibitsBelow) {
			return Packet{}, fmt.Errorf("%w: %.80q is no exhibit", spool.ErrDamaged, f.Path)
		}
		p = p.With(Exhibit{Name: name, Open: f.Open})
	}
	return p, nil
}

func readSmall(f spool.File) ([]byte, error) {
	body, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(io.LimitReader(body, MaxPacketBytes+1))
}

// parseAs reads a packet's own bytes by the name of its file.
func parseAs(name string, document []byte) (Packet, error) {
	switch name {
	case "packet.json":
		return parseJSON(document, "")
	case "packet.csv":
		packets, err := readCSV(bytes.NewReader(document))
		if err == nil && len(packets) != 1 {
			err = fmt.Errorf("%w: %d packets in one", spool.ErrDamaged, len(packets))
		}
		if err != nil {
			return Packet{}, err
		}
		return packets[0], nil
	}
	return Packet{}, fmt.Errorf("%w: %.80q is no packet", spool.ErrDamaged, name)
}
