package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention"
)

// correctionOf makes a correction of the flags, without what it is about.
func correctionOf(set, clear []string) (exportlog.Row, error) {
	values := map[string]string{}
	for _, text := range set {
		field, value, found := strings.Cut(text, "=")
		switch {
		case !found:
			return exportlog.Row{}, fmt.Errorf("--set %q: write FIELD=VALUE", text)
		case value == "":
			return exportlog.Row{}, fmt.Errorf("--set %q: to say that a field should have been empty, give --clear %s", text, field)
		case values[field] != "":
			return exportlog.Row{}, fmt.Errorf("--set %s is given twice", field)
		}
		if err := checkCorrectable(field); err != nil {
			return exportlog.Row{}, err
		}
		values[field] = value
	}
	for _, field := range clear {
		if err := checkCorrectable(field); err != nil {
			return exportlog.Row{}, err
		}
		if values[field] != "" {
			return exportlog.Row{}, fmt.Errorf("%s is given with --set, and with --clear: which is it?", field)
		}
	}
	if len(values)+len(clear) == 0 {
		return exportlog.Row{}, fmt.Errorf("what should it have said? Give --set FIELD=VALUE or --clear FIELD; fields are %s", strings.Join(exportlog.Correctable(), ", "))
	}
	row, err := rowOf(values)
	row.Kind, row.ClearedFields = exportlog.KindCorrection, slices.Compact(slices.Sorted(slices.Values(clear)))
	return row, err
}

func checkCorrectable(field string) error {
	if !slices.Contains(exportlog.Correctable(), field) {
		return fmt.Errorf("%.80q cannot be corrected: fields that can are %s", field, strings.Join(exportlog.Correctable(), ", "))
	}
	return nil
}

// rowOf reads a row's fields as JSON has them; a day is its beginning.
func rowOf(values map[string]string) (row exportlog.Row, err error) {
	fields := map[string]string{}
	for field, value := range values {
		fields[field] = value
		switch {
		case strings.HasSuffix(field, "_utc"):
			var at timeFlag
			err = at.Set(value)
			fields[field] = at.String()
		case field == "retention_class":
			_, err = retention.ParseClass(value)
		}
		if err != nil {
			return row, fmt.Errorf("--set %s: %w", field, err)
		}
	}
	b, err := json.Marshal(fields)
	if err != nil {
		return row, err
	}
	if err := json.Unmarshal(b, &row); err != nil {
		return row, fmt.Errorf("--set: %w", err)
	}
	return row, nil
}

// correctionKey makes the same correction twice one row, and a later one, after others,
// another.
func correctionKey(correction exportlog.Row, later []exportlog.Row) string {
	last := int64(0)
	for _, r := range later {
		last = max(last, r.ExportRowID)
	}
	var fields []string
	for _, name := range exportlog.Correctable() {
		fields = append(fields, name+"="+valueOf(correction, name))
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %d %q %q", correction.CorrectionOfExportRowID, last, fields, correction.ClearedFields))
	return "correction:" + hex.EncodeToString(sum[:])
}

// fieldChange is what a correction changes.
type fieldChange struct {
	Field string `json:"field"`
	Old   string `json:"old"`
	New   string `json:"new"`
}

// changesOf returns the fields that differ.
func changesOf(was, now exportlog.Row) []fieldChange {
	var changes []fieldChange
	for _, name := range exportlog.Correctable() {
		if before, after := valueOf(was, name), valueOf(now, name); before != after {
			changes = append(changes, fieldChange{name, before, after})
		}
	}
	return changes
}

// valueOf is a field of a row as its line has it; all that can be corrected are texts.
func valueOf(r exportlog.Row, field string) string {
	var fields map[string]any
	b, err := json.Marshal(r)
	if err == nil {
		err = json.Unmarshal(b, &fields)
	}
	if err != nil || fields[field] == nil {
		return ""
	}
	return fmt.Sprint(fields[field])
}
