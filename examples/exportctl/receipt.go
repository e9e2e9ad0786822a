package main

import (
	"encoding/json"

	"github.com/holdfast-archive/holdfast/archive"
)

// receipt is an archive.Receipt in JSON: the row, and whether it was there before.
type receipt archive.Receipt

// MarshalJSON implements json.Marshaler.
func (r receipt) MarshalJSON() ([]byte, error) {
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(r.Line(), &fields); err != nil {
		return nil, err
	}
	fields["already_exported"] = json.RawMessage("false")
	if r.AlreadyExported {
		fields["already_exported"] = json.RawMessage("true")
	}
	return json.Marshal(fields)
}
