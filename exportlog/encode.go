package exportlog

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// The bounds of the log. A line fits the entry bundles of C2SP tlog-tiles,
// which count an entry's bytes in 16 bits; a commit is a single PUT everywhere.
const (
	MaxLineBytes   = 1<<16 - 1 // newline included
	MaxCommitRows  = 4096
	MaxCommitBytes = 4 << 20
)

var newline = []byte("\n")

// encode returns the row as its line. JSON strings escape line breaks, so a
// row is always one line.
func encode(r Row) ([]byte, error) {
	object, err := json.Marshal(&r)
	if err != nil {
		return nil, err
	}
	line := slices.Concat(object, newline)
	if len(line) > MaxLineBytes {
		return nil, fmt.Errorf("the row takes %d bytes, the limit is %d: shorten divergence_summary or the ids", len(line), MaxLineBytes)
	}
	return line, nil
}

// A template is the line of a row that has no place in the log yet. These are its
// ends, and what a place can add to it.
var (
	templateStart = []byte(fmt.Sprintf(`{"schema_version":%d,"export_row_id":0,`, SchemaVersion))
	templateEnd   = []byte(`,"prev_row_sha256":"` + worm.Digest{}.String() + `"}` + "\n")
	placeBytes    = len(`"reexport_of_export_row_id":9223372036854775807,,"prev_root_sha256":""9223372036854775807`) + len(worm.Digest{}.String())
)

// encodeTemplate returns a row's template, if the row fits in a line wherever it
// comes to stand.
func encodeTemplate(r Row) ([]byte, error) {
	r.ExportRowID, r.ReexportOfExportRowID, r.PrevRowSHA256, r.PrevRootSHA256 = 0, 0, worm.Digest{}, worm.Digest{}
	template, err := encode(r)
	if err == nil && len(template)+placeBytes > MaxLineBytes {
		err = fmt.Errorf("the row takes %d bytes, the limit is %d: shorten divergence_summary or the ids", len(template)+placeBytes, MaxLineBytes)
	}
	return template, err
}

// place returns the line of a row whose number and predecessor are set. A row
// that has nothing else from its place is spliced, which is all that is left to
// do for most rows while the others wait; any other is encoded anew.
func place(r *Row, template []byte) ([]byte, error) {
	middle, started := bytes.CutPrefix(template, templateStart)
	middle, ended := bytes.CutSuffix(middle, templateEnd)
	if !started || !ended || r.ReexportOfExportRowID != 0 || !r.PrevRootSHA256.IsZero() {
		return encode(*r)
	}
	line := make([]byte, 0, len(template)+placeBytes)
	line = append(line, templateStart[:len(templateStart)-2]...)
	line = strconv.AppendInt(line, r.ExportRowID, 10)
	line = append(append(line, ','), middle...)
	line = append(line, templateEnd[:len(templateEnd)-67]...)
	line = hex.AppendEncode(line, r.PrevRowSHA256[:])
	return append(line, "\"}\n"...), nil
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
