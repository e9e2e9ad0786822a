package main

import (
	"errors"
	"fmt"
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
	return each(found, func(f exportlog.Finding) finding { return finding(f) })
}

// checked is an archive.Check in JSON.
type checked struct {
	What string `json:"what"`
	Says string `json:"says"`
	OK   bool   `json:"ok"`
}

func checks(looked []archive.Check) []checked {
	return each(looked, func(c archive.Check) checked { return checked(c) })
}

// drawCheck draws one thing that was looked at.
func drawCheck(p *screen.Page, c checked) {
	if c.OK {
		p.Good("%-9s %s", screen.Clean(c.What), screen.Clean(c.Says))
		return
	}
	p.Bad("%-9s NOT %s", screen.Clean(c.What), screen.Clean(c.Says))
}

// alike is how many findings that say the same of different objects are shown to a person.
const alike = 5

// drawFindings draws what is wrong. An object has a line of its own, however long its key is,
// so that it can be copied. Findings in a row that say the same stand under one head; on a
// terminal only the first of them, so that they do not push out what they follow from.
func drawFindings(p *screen.Page, found []finding) {
	var last finding
	for len(found) > 0 {
		first, same := found[0], 1
		for same < len(found) && found[same].says(first) {
			same++
		}
		group := found[:same]
		found = found[same:]
		if !first.isOf(last) {
			p.Bad("%s", inOne(p.Bold(screen.Clean(string(first.Kind))), atRow(first.ExportRowID)))
			drawObjects(p, group)
		}
		p.Under("%s", screen.Clean(first.brief()))
		last = group[same-1]
	}
}

func drawObjects(p *screen.Page, found []finding) {
	for i, f := range found {
		if i == alike && p.OnTerminal() {
			p.Line("  … and %d more: --json names them all", len(found)-i)
			return
		}
		if f.Object != "" {
			p.Line("  %s", screen.Clean(join(f.Object, f.Version)))
		}
	}
}

// isOf reports whether two findings are of one object.
func (f finding) isOf(other finding) bool {
	return f.Object != "" && f.Kind == other.Kind && f.ExportRowID == other.ExportRowID && f.Object == other.Object && f.Version == other.Version
}

// says reports whether a finding says what another says, of another object.
func (f finding) says(other finding) bool {
	return f.Kind == other.Kind && f.ExportRowID == other.ExportRowID && f.brief() == other.brief()
}

// brief is the problem, without the object's name once more.
func (f finding) brief() string {
	if f.Object == "" {
		return f.Problem
	}
	return strings.ReplaceAll(f.Problem, f.Object, "it")
}

// sumOf counts findings, in all and by kind.
func sumOf(found []finding) string {
	var kinds []exportlog.FindingKind
	of := map[exportlog.FindingKind]int{}
	for _, f := range found {
		if of[f.Kind]++; of[f.Kind] == 1 {
			kinds = append(kinds, f.Kind)
		}
	}
	parts := each(kinds, func(k exportlog.FindingKind) string { return fmt.Sprintf("%d %s", of[k], screen.Clean(string(k))) })
	return screen.Count(len(found), "finding") + ": " + strings.Join(parts, ", ")
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

// found is the end of a command whose findings are on the screen: they are a verdict,
// and any other error is passed on.
func found(err error) error {
	if errors.Is(err, archive.ErrNotConfirmed) || errors.Is(err, exportlog.ErrDamaged) {
		return verdict{exitFindings}
	}
	return err
}
