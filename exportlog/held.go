package exportlog

import (
	"fmt"
	"maps"
	"slices"
)

// moves reports whether a correction says where evidence lies. Of an export under
// legal hold none may, nor of a row about it: the log keeps leading to what was put
// on hold.
func (r Row) moves() bool {
	return r.Kind == KindCorrection && (r.ArchiveURI != "" || r.ContentIntegrityReference != "" ||
		slices.Contains(r.ClearedFields, "archive_uri") || slices.Contains(r.ClearedFields, "content_integrity_reference"))
}

// evidenceOf is the export that a row is, or is about.
func (r Row) evidenceOf() int64 {
	if r.Kind == KindExport {
		return r.ExportRowID
	}
	return r.SubjectExportRowID
}

// holds is what was said last of the legal hold of some exports, by each matter.
type holds map[int64]map[string]hold

type hold struct {
	row int64 // that said it
	on  bool
}

func (h holds) add(r *Row) {
	export, on := r.SubjectExportRowID, r.Kind == KindHold
	switch {
	case r.Kind == KindExport && r.LegalHold: // its class brought one
		export, on = r.ExportRowID, true
	case r.Kind != KindHold && r.Kind != KindRelease:
		return
	}
	if h[export] == nil {
		h[export] = map[string]hold{}
	}
	h[export][r.MatterID] = hold{r.ExportRowID, on}
}

// forget drops what rows before a number said.
func (h holds) forget(below int64) {
	for export, matters := range h {
		maps.DeleteFunc(matters, func(_ string, said hold) bool { return said.row < below })
		if len(matters) == 0 {
			delete(h, export)
		}
	}
}

// holdInForce returns a hold of an export that stands, where what was said in one of the
// holds counts before what was said in the next: the one whose row is lowest.
func holdInForce(export int64, latestFirst ...holds) (hold, bool) {
	said := map[string]hold{}
	for _, h := range slices.Backward(latestFirst) {
		maps.Copy(said, h[export])
	}
	var first hold
	found := false
	for _, h := range said {
		if h.on && (!found || h.row < first.row) {
			first, found = h, true
		}
	}
	return first, found
}

// keeping follows, row by row, what corrections are corrections of and which
// exports are held.
type keeping struct {
	starts   map[int64]int64 // the row at the start of a correction's chain
	subjects map[int64]int64 // of rows about an export
	holds    holds
}

func newKeeping() keeping {
	return keeping{starts: map[int64]int64{}, subjects: map[int64]int64{}, holds: holds{}}
}

// add takes the next row. Of a correction it returns the row that its chain starts
// with, and the row of the hold that makes it void, if one does.
func (k *keeping) add(r Row) (start, heldBy int64) {
	switch {
	case r.Kind == KindCorrection:
		start = r.CorrectionOfExportRowID
		if earlier, ok := k.starts[start]; ok {
			start = earlier // a correction of a correction
		}
		k.starts[r.ExportRowID] = start
		if r.moves() {
			by, _ := holdInForce(k.evidenceOf(start), k.holds)
			heldBy = by.row
		}
	case r.Kind != KindExport:
		k.subjects[r.ExportRowID] = r.SubjectExportRowID
	}
	k.holds.add(&r)
	return start, heldBy
}

func (k *keeping) evidenceOf(row int64) int64 {
	if subject, ok := k.subjects[row]; ok {
		return subject
	}
	return row
}

// refusal holds the rows of a request that the log does not have yet to the legal
// holds that stand before each of them: those of earlier rows in the same commit
// and those known of the log. No other writer can set one in between, for then
// this commit's number is taken.
func (l *Log) refusal(r *request, existing []*Row, drafted holds) error {
	if len(r.moves) == 0 {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	own := holds{}
	for i := range r.rows {
		if existing[i] != nil {
			continue
		}
		own.add(&r.rows[i])
		export, moves := r.moves[i]
		if !moves {
			continue
		}
		if by, held := holdInForce(export, own, drafted, l.index.holds, r.known.holds); held {
			return fmt.Errorf("%w: row %d of the call corrects archive_uri or content_integrity_reference of export row %d, which is under legal hold by %s: correct the rest, or have the hold released first",
				ErrBadRow, i+1, export, by)
		}
	}
	return nil
}

func (h hold) String() string {
	if h.row == 0 {
		return "an earlier row of the call"
	}
	return fmt.Sprintf("row %d", h.row)
}
