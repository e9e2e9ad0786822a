package linkage

import (
	"encoding/json"
	"fmt"
	"io"
)

// WriteJSON writes the lineage as JSON, indented, with every id and text as it is.
func (l Lineage) WriteJSON(w io.Writer) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	if err := out.Encode(l); err != nil {
		return fmt.Errorf("linkage: write JSON: %w", err)
	}
	return nil
}
