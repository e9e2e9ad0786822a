package main

import (
	"errors"
	"slices"
	"strings"

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

// drawCheck draws one thing that was looked at.
func drawCheck(p *screen.Page, c checked) {
	if c.OK {
		p.Good("%-9s %s", screen.Clean(c.What), screen.Clean(c.Says))
		return
	}
	p.Bad("%-9s NOT %s", screen.Clean(c.What), screen.Clean(c.Says))
}

// drawFindings draws what is wrong. An object has a line of its own, however long its key is,
// so that it can be copied.
func drawFindings(p *screen.Page, found []finding) {
	for _, f := range found {
		p.Bad("%s", inOne(p.Bold(screen.Clean(string(f.Kind))), atRow(f.ExportRowID)))
		if f.Object != "" {
			p.Line("  %s", screen.Clean(join(f.Object, f.Version)))
		}
		p.Under("%s", screen.Clean(f.Problem))
	}
}

// atRow names a row, where one is concerned.
func atRow(row int64) string {
	if row == 0 {
		return ""
	}
	return "row " + screen.Number(row)
}

// inOne is what there is of a line's parts.
func inOne(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), "  ")
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
