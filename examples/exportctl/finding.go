package main

import (
	"errors"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
	"github.com/holdfast-archive/holdfast/exportlog"
)

// finding is an exportlog.Finding in JSON.
type finding struct {
	Kind        exportlog.FindingKind `json:"kind"`
	Object      string                `json:"object,omitempty"`
	Version     string                `json:"version,omitempty"`
	ExportRowID int64                 `json:"export_row_id,omitempty"`
	Problem     string                `json:"problem"`
}

func findings(found []exportlog.Finding) []finding {
	all := make([]finding, len(found))
	for i, f := range found {
		all[i] = finding(f)
	}
	return all
}

// checked is an archive.Check in JSON.
type checked struct {
	What string `json:"what"`
	Says string `json:"says"`
	OK   bool   `json:"ok"`
}

func checks(looked []archive.Check) []checked {
	all := make([]checked, len(looked))
	for i, c := range looked {
		all[i] = checked(c)
	}
	return all
}

// drawFindings draws what is wrong, one thing to a row.
func drawFindings(p *screen.Page, found []finding) {
	cells := make([][]any, len(found))
	for i, f := range found {
		cells[i] = []any{f.Kind, known(f.ExportRowID), join(f.Object, f.Version), f.Problem}
	}
	p.Table([]string{"kind", "row", "object", "problem"}, cells)
}

// known is a row's number, and nothing where no row is concerned.
func known(row int64) string {
	if row == 0 {
		return ""
	}
	return screen.Number(row)
}

// found is the end of a command whose findings are on the screen: they are a verdict,
// and any other error is passed on.
func found(err error) error {
	if errors.Is(err, archive.ErrNotConfirmed) || errors.Is(err, exportlog.ErrDamaged) {
		return verdict{exitFindings}
	}
	return err
}
