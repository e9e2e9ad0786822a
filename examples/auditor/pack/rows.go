package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// decided is what manifest and row both say of a promotion.
type decided struct {
	PromotionPacketID      string `json:"promotion_packet_id"`
	PromotionDecision      string `json:"promotion_decision"`
	PromotionDecisionAtUTC string `json:"promotion_decision_at_utc"`
	ArchiveURI             string `json:"archive_uri"`
}

// row is a line of the log, and the file that has it.
type row struct {
	decided
	ExportRowID               uint64 `json:"export_row_id"`
	Kind                      string `json:"kind"`
	ExportBatchID             string `json:"export_batch_id"`
	PacketSHA256              string `json:"packet_sha256"`
	RetentionClass            string `json:"retention_class"`
	RetainUntilUTC            string `json:"retain_until_utc"`
	ContentIntegrityReference string `json:"content_integrity_reference"`
	IdempotencyKey            string `json:"idempotency_key"`
	RecordedAtUTC             string `json:"recorded_at_utc"`

	line  []byte
	proof string
}

// readRows reads the lines about the export, one to a file, oldest first.
func readRows(pack fs.FS) ([]row, error) {
	names, err := fs.Glob(pack, "rows/*.jsonl")
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, name := range names {
		line, err := read(pack, name)
		if err != nil {
			return nil, err
		}
		r := row{line: line, proof: "proofs/" + strings.TrimSuffix(path.Base(name), "l")}
		if err := json.Unmarshal(line, &r); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if bytes.IndexByte(line, '\n') != len(line)-1 {
			return nil, fmt.Errorf("%s is not one line", name)
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// exportOf is the one row of kind export; all others are about the same packet.
func exportOf(rows []row) (row, error) {
	i := slices.IndexFunc(rows, func(r row) bool { return r.Kind == "export" })
	if i < 0 {
		return row{}, errors.New("rows: none is of an export")
	}
	for j, r := range rows {
		if r.PromotionPacketID != rows[i].PromotionPacketID || (j != i && r.Kind == "export") {
			return row{}, fmt.Errorf("rows: row %d is about another export", r.ExportRowID)
		}
	}
	return rows[i], nil
}

var lastDigest = regexp.MustCompile(`(?m)[0-9a-f]{64}$`)

// named checks that the row names the packet and exactly these exhibits: its
// idempotency_key is the SHA-256 of contents, which lists their digests.
func named(pack fs.FS, export row, files []string) error {
	contents, err := read(pack, "contents")
	if err != nil {
		return err
	}
	if export.IdempotencyKey != fmt.Sprintf("export:%x", sha256.Sum256(contents)) {
		return errors.New("it is not what the row's idempotency_key is of")
	}
	listed := lastDigest.FindAllString(string(contents), -1)
	slices.Sort(listed)
	if !slices.Equal(listed, files) {
		return errors.New("it does not list the packet and exactly these exhibits")
	}
	return nil
}
