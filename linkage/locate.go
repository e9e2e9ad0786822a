package linkage

import (
	"context"
	"errors"
	"fmt"

	"github.com/holdfast-archive/holdfast/exportlog"
)

// Located is an export and what has been bound to it.
type Located struct {
	Export exportlog.Row
	Links  []exportlog.Row // oldest first
	Damage error           // what is wrong elsewhere in the log, if anything; Export and Links were read nevertheless
}

// Locate finds the one export row that a query leads to: directly, or through
// link rows that carry the rollback_event_id or incident_ticket_id asked for.
// None is [ErrNotLocated]; several are an [AmbiguousError].
func (l *Linker) Locate(ctx context.Context, q exportlog.Query) (Located, error) {
	located, err := l.locate(ctx, q)
	if err != nil {
		return Located{}, fmt.Errorf("linkage: locate: %w", err)
	}
	return located, nil
}

func (l *Linker) locate(ctx context.Context, q exportlog.Query) (Located, error) {
	rows, damage, err := l.find(ctx, q)
	if err != nil {
		return Located{}, err
	}
	exports, err := l.exportsOf(ctx, rows)
	if err != nil {
		return Located{}, err
	}
	switch {
	case len(exports) == 0:
		return Located{}, errors.Join(fmt.Errorf("%w: the log has %d rows for the query, none of them leads to an export", ErrNotLocated, len(rows)), damage)
	case len(exports) > 1:
		return Located{}, &AmbiguousError{Candidates: exports}
	}
	links, _, err := l.find(ctx, exportlog.Query{SubjectExportRowID: exports[0].ExportRowID})
	if err != nil {
		return Located{}, err
	}
	return Located{Export: exports[0], Links: ofKind(links, exportlog.KindLink), Damage: damage}, nil
}

// find is the log's Find, with damage apart from other errors: at 03:00 the rows
// that can be read are worth more than the reason why others cannot.
func (l *Linker) find(ctx context.Context, q exportlog.Query) (rows []exportlog.Row, damage, err error) {
	rows, err = l.log.Find(ctx, q)
	if errors.Is(err, exportlog.ErrDamaged) {
		return rows, err, nil
	}
	return rows, nil, err
}

// exportsOf returns the export rows among rows, and those that the link rows
// among them are about, each once.
func (l *Linker) exportsOf(ctx context.Context, rows []exportlog.Row) ([]exportlog.Row, error) {
	exports := ofKind(rows, exportlog.KindExport)
	seen := map[int64]bool{}
	for _, r := range exports {
		seen[r.ExportRowID] = true
	}
	for _, link := range ofKind(rows, exportlog.KindLink) {
		if seen[link.SubjectExportRowID] {
			continue
		}
		seen[link.SubjectExportRowID] = true
		subject, _, err := l.find(ctx, exportlog.Query{ExportRowID: link.SubjectExportRowID})
		if err != nil {
			return nil, err
		}
		exports = append(exports, ofKind(subject, exportlog.KindExport)...)
	}
	return exports, nil
}

func ofKind(rows []exportlog.Row, kind exportlog.Kind) []exportlog.Row {
	var of []exportlog.Row
	for _, r := range rows {
		if r.Kind == kind {
			of = append(of, r)
		}
	}
	return of
}
