package main

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
)

// audit reads everything in the bucket as a stranger would, and holds it to what was
// signed and to the checkpoint that was kept outside.
func (s *show) audit(ctx context.Context) error {
	report, err := s.look(ctx)
	if err == nil {
		err = s.continues(ctx)
	}
	if err != nil {
		return err
	}
	s.good("%d rows, %d exports, every byte as it was signed.   exit status %d", report.Log.Head.Size, report.Exports, status(err))
	return nil
}

var errNoticed = errors.New("the evidence is not what was exported")

// look verifies the bucket by itself, and prints what is wrong.
func (s *show) look(ctx context.Context) (report archive.Report, err error) {
	err = s.asAuditor(ctx, func(a *archive.Archive) error {
		report, err = a.Verify(ctx)
		return err
	})
	s.findings(report.Findings)
	if errors.Is(err, archive.ErrNotConfirmed) {
		err = errNoticed
	}
	return report, err
}

// most is how many findings the page has room for.
const most = 3

// findings prints what is wrong, what names a row first.
func (s *show) findings(all []exportlog.Finding) {
	all = slices.SortedStableFunc(slices.Values(all), func(a, b exportlog.Finding) int { return cmp.Compare(b.ExportRowID, a.ExportRowID) })
	for i, f := range all {
		if i == most {
			s.bad("… and %d more", len(all)-most)
			return
		}
		s.bad("%s", hashes(f.String()))
	}
}

// continues holds the log to the checkpoint that was kept outside, if one is.
func (s *show) continues(ctx context.Context) error {
	note, err := os.ReadFile(s.path("checkpoint"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	kept, err := s.key.verifies.ParseCheckpoint(note)
	if err != nil {
		return err
	}
	anchor := exportlog.Anchor{Head: exportlog.Head{Size: kept.Size, Root: kept.Root}, Source: short(s.path("checkpoint"))}
	var report exportlog.Report
	err = s.asAuditor(ctx, func(a *archive.Archive) error {
		report, err = a.Log().Verify(ctx, exportlog.Scope{Anchors: []exportlog.Anchor{anchor}})
		return err
	})
	s.findings(report.Findings)
	if errors.Is(err, exportlog.ErrDamaged) {
		err = errNoticed
	}
	return err
}

// keepCheckpoint signs what the log comes to, and keeps a copy outside the bucket,
// where who can write to the bucket cannot.
func (s *show) keepCheckpoint(ctx context.Context) func(*archive.Archive) error {
	return func(a *archive.Archive) error {
		c, err := a.Log().Checkpoint(ctx)
		if err != nil {
			return err
		}
		return writeFile(s.path("checkpoint"), c.Note, 0o644)
	}
}
