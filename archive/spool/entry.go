package spool

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// Entry is one packet with its exhibits, and who wanted it exported.
type Entry struct {
	PromotionPacketID      string    `json:"promotion_packet_id"`
	PromotionDecisionAtUTC time.Time `json:"promotion_decision_at_utc"` // entries are in its order
	ExportOperatorAck      string    `json:"export_operator_ack"`
	ReconstructedBy        string    `json:"reconstructed_by,omitzero"`
	ReconstructedFrom      string    `json:"reconstructed_from,omitzero"`
	Bucket                 string    `json:"bucket,omitzero"` // the address of the one it is for; empty if that was not known
	Files                  []File    `json:"files"`           // the packet's own first

	Name      string    `json:"-"` // of its folder in entries; filled in by the spool
	Bytes     int64     `json:"-"` // it takes in the spool; filled in by the spool
	SpooledAt time.Time `json:"-"` // by the file system's word; filled in by the spool
}

// File is one file of an entry.
type File struct {
	Path   string `json:"path"` // below the entry, such as packet.json or exhibits/scorecard.pdf
	Size   int64  `json:"size"` // bytes
	SHA256 string `json:"sha256"`

	// Open reads the file. Of an entry that was read from a spool, the last read fails
	// with [ErrDamaged] if the bytes are not those that were spooled.
	Open func() (io.ReadCloser, error) `json:"-"`
}

const (
	headerName = "entry.json"
	maxHeader  = 4 << 20 // bytes
	maxFiles   = 1000
	timeInName = "20060102T150405.000000000Z"
)

// header is the content of entry.json, which is the same whenever and by whomever
// the same entry is made.
func (e Entry) header() ([]byte, error) {
	b, err := json.Marshal(e, json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadEntry, err)
	}
	return append(b, '\n'), nil
}

// name is the folder of an entry with a header.
func (e Entry) name(header []byte) string {
	return fmt.Sprintf("%s-%d-%s", e.PromotionDecisionAtUTC.UTC().Format(timeInName), e.size(header), hexSum(header))
}

func (e Entry) size(header []byte) int64 {
	bytes := int64(len(header))
	for _, f := range e.Files {
		bytes += f.Size
	}
	return bytes
}

// check refuses what cannot be an entry, before it is written and after it is read.
func (e Entry) check() error {
	if len(e.Files) == 0 || len(e.Files) > maxFiles {
		return fmt.Errorf("%w: %d files; it has 1 to %d", ErrBadEntry, len(e.Files), maxFiles)
	}
	if y := e.PromotionDecisionAtUTC.UTC().Year(); e.PromotionDecisionAtUTC.IsZero() || y > 9999 || y < 1 {
		return fmt.Errorf("%w: promotion_decision_at_utc %s cannot be put in order", ErrBadEntry, e.PromotionDecisionAtUTC)
	}
	seen := map[string]bool{headerName: true}
	for _, f := range e.Files {
		if !fs.ValidPath(f.Path) || f.Path == "." || strings.Count(f.Path, "/") > 1 || strings.ContainsRune(f.Path, '\\') || seen[f.Path] {
			return fmt.Errorf("%w: file %.80q: its path is not one of a file in the entry, or is taken", ErrBadEntry, f.Path)
		}
		if sum, err := hex.DecodeString(f.SHA256); err != nil || len(sum) != sha256.Size || f.Size < 0 {
			return fmt.Errorf("%w: file %.80q: %d bytes with sha256 %.80q", ErrBadEntry, f.Path, f.Size, f.SHA256)
		}
		seen[f.Path] = true
	}
	return nil
}

// parseName reads the bytes and the digest from an entry's name.
func parseName(name string) (bytes int64, sha string, ok bool) {
	parts := strings.Split(name, "-")
	if len(parts) != 3 || len(parts[2]) != 2*sha256.Size {
		return 0, "", false
	}
	_, err := time.Parse(timeInName, parts[0])
	n, numErr := strconv.ParseInt(parts[1], 10, 64)
	return n, parts[2], err == nil && numErr == nil && n >= 0
}

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
