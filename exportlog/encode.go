package exportlog

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
)

// The bounds of the log. A line fits the entry bundles of C2SP tlog-tiles,
// which count an entry's bytes in 16 bits; a commit is a single PUT everywhere.
const (
	MaxLineBytes   = 1<<16 - 1 // newline included
	MaxCommitRows  = 4096
	MaxCommitBytes = 4 << 20
)

// encode returns the row as its line. JSON strings escape line breaks, so a
// row is always one line.
func encode(r Row) ([]byte, error) {
	line, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	line = append(line, '\n')
	if len(line) > MaxLineBytes {
		return nil, fmt.Errorf("the row takes %d bytes, the limit is %d: shorten divergence_summary or the ids", len(line), MaxLineBytes)
	}
	return line, nil
}

// decode reads one line, newline included. Repeated names and invalid UTF-8 are
// errors; names it does not know are kept in the row's line.
func decode(line []byte) (Row, error) {
	if len(line) > MaxLineBytes {
		return Row{}, fmt.Errorf("the line takes %d bytes, the limit is %d", len(line), MaxLineBytes)
	}
	var r Row
	if err := json.Unmarshal(line, &r); err != nil {
		return Row{}, fmt.Errorf("not a row: %w", err)
	}
	if r.SchemaVersion < 1 || r.ExportRowID < 1 || r.IdempotencyKey == "" {
		return Row{}, errors.New("not a row: schema_version, export_row_id or idempotency_key is missing")
	}
	r.line = bytes.Clone(line)
	return r, nil
}
