package archive

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// The bounds of a packet. An exhibit may be of any size; it is streamed.
const (
	MaxPacketBytes = 4 << 20
	MaxExhibits    = 900 // per packet: a manifest names at most 1,000 objects
)

// Packet is one decision: the caller's exact bytes, a header read from them,
// and the files that go with it. [ParseJSON], [ReadCSV] and [ReadFolder] make
// packets; the bytes are stored and hashed as they were given.
type Packet struct {
	Header   Header
	Exhibits []Exhibit

	document      []byte
	reconstructed *manifest.Reconstruction
	fields        fields // all that the packet says, for the policy's rules
	name          string // packet.json or packet.csv
	source        string // where it was read from, for errors
}

// Header is what this library reads from a packet. Whatever else the packet
// says rides along in its bytes.
type Header struct {
	PromotionPacketID        string
	PromotionType            string // production_deploy, store_submission, live_toggle
	PromotionDecision        string // as the policy knows it: promote, hold, cancelled
	PromotionDecisionAtUTC   time.Time
	ScorecardSnapshotID      string
	ClosureReliabilityState  string // green, yellow, red
	ConsecutiveYellowWindows int
	PlaybookRowIDs           []string
	CorrectivePacketIDs      []string
	ExecutiveExceptionID     string
	Jurisdictions            []string
	RetentionClass           retention.Class // the least the packet asks for; may be empty
}

// Document returns the packet's own bytes.
func (p Packet) Document() []byte { return bytes.Clone(p.document) }

// SHA256 returns the digest of the packet's own bytes.
func (p Packet) SHA256() worm.Digest { return worm.Sum(p.document) }

// With returns the packet with more exhibits.
func (p Packet) With(exhibits ...Exhibit) Packet {
	p.Exhibits = append(slices.Clone(p.Exhibits), exhibits...)
	return p
}

// Reconstructed returns the packet marked as put together after the fact: for an old
// promotion that nobody exported in its day. By is who did it, as role/name, and from
// what their sources were, each of 1 to 1,000 bytes. The mark is signed with the
// manifest and stands in the row, as reconstructed_by and reconstructed_from, so that
// the export never passes as one made in time; it is kept for its whole period from
// now. A packet that was exported already keeps its first row, marked or not.
func (p Packet) Reconstructed(by, from string) Packet {
	p.reconstructed = &manifest.Reconstruction{By: by, From: from}
	return p
}

// problem is an error about one of this packet's fields, or all of it.
func (p Packet) problem(field string, err error) error {
	return &PacketError{PromotionPacketID: p.Header.PromotionPacketID, Source: p.source, Field: field, Err: err}
}

func tooLarge(size int) error {
	return fmt.Errorf("%w: the packet takes %d bytes, the limit is %d; move what is large into exhibits", ErrTooLarge, size, MaxPacketBytes)
}
