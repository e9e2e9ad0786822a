package exportlog

import (
	"fmt"
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

// holds is what was said last of the legal hold of some exports.
type holds map[int64]hold

type hold struct {
	row int64 // that said it
	on  bool
}

func (h holds) add(r Row) {
	if r.Kind == KindHold || r.Kind == KindRelease {
		h[r.SubjectExportRowID] = hold{r.ExportRowID, r.Kind == KindHold}
	}
}

// heldBy returns the row whose hold stands; 0 if none does.
func (h holds) heldBy(export int64) int64 {
	if said := h[export]; said.on {
		return said.row
	}
	return 0
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
			heldBy = k.holds.heldBy(k.evidenceOf(start))
		}
	case r.Kind != KindExport:
		k.subjects[r.ExportRowID] = r.SubjectExportRowID
		k.holds.add(r)
	}
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
func (l *Log) refusal(r *request, had []bool, drafted holds) error {
	if len(r.moves) == 0 {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	own := holds{}
	for i, row := range r.rows {
		if had[i] {
			continue
		}
		own.add(row)
		export, moves := r.moves[i]
		if !moves {
			continue
		}
		for _, said := range []holds{own, drafted, l.index.holds, r.known.holds} { // the latest first
			at, ok := said[export]
			if !ok {
				continue
			}
			if at.on {
				return fmt.Errorf("%w: row %d of the call corrects archive_uri or content_integrity_reference of export row %d, which is under legal hold by %s: correct the rest, or have the hold released first",
					ErrBadRow, i+1, export, at)
			}
			break
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
