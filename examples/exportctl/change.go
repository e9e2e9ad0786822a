package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
)

// changer is a change of the exports that a selection means.
type changer func(context.Context, *archive.Archive, archive.Selection, func(archive.ChangeReport)) (archive.ChangeReport, error)

// change makes a change, shows how far it has come, and what became of each export.
func (t *tool) change(ctx context.Context, flags *selectionFlags, dryRun bool, did string, do changer) error {
	sel, err := flags.selection()
	if err != nil {
		return err
	}
	wanted := change
	if dryRun {
		wanted = readLog
	}
	a, err := t.open(ctx, wanted)
	if err != nil {
		return err
	}
	defer a.Close()
	if dryRun {
		t.screen.Note("nothing was changed; these are meant:")
		return t.find(ctx, a, []archive.Selection{sel})
	}
	bar := t.screen.Progress("exports "+did, 0, screen.Things)
	if bar.Watched() {
		n, err := count(ctx, a, sel)
		if err != nil {
			bar.Close()
			return err
		}
		bar.Expect(n)
	}
	seen := 0
	report, err := do(ctx, a, sel, func(r archive.ChangeReport) {
		bar.Add(int64(r.Selected() - seen))
		seen = r.Selected()
	})
	bar.Close()
	err = whyNone(err, report)
	if err != nil && report.Selected() == 0 {
		return err
	}
	err = seenAbove(err, report, did)
	shown := changedOf(report, did)
	if shown := t.screen.Show(shown, shown.draw); shown != nil {
		return shown
	}
	return stopped(err, fmt.Sprintf("%s %s and logged: run the same command again, and it goes on with the others.", screen.Count(len(report.Changed)+len(report.Already), "export"), did))
}

// count is how many exports a selection means, so that whoever watches knows how long the
// change takes: to read the log once more is nothing beside it.
func count(ctx context.Context, a *archive.Archive, sel archive.Selection) (n int64, err error) {
	for _, err := range a.Select(ctx, sel) {
		if err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

// whyNone is why nothing at all was done, if no second try could do it. Any other error
// is what it was.
func whyNone(err error, r archive.ChangeReport) error {
	if len(r.Failed) == 0 || len(r.Changed)+len(r.Already) > 0 {
		return err
	}
	why := remedyOf(r.Failed[0].Err)
	for _, f := range r.Failed {
		if why == nil || why.status != exitWrongUse || len(f.Done) > 0 || remedyOf(f.Err) != why {
			return err
		}
	}
	return r.Failed[0].Err
}

// seenAbove says in short that a change is not whole, now that the page has all of it. What
// went wrong besides is said as it is.
func seenAbove(err error, r archive.ChangeReport, did string) error {
	if !errors.Is(err, archive.ErrPartial) {
		return err
	}
	words := []string{fmt.Sprintf("%d of %d exports are NOT %s, or not wholly", len(r.Failed), r.Selected(), did)}
	return shortError{strings.Join(append(words, besides(err)...), "\n"), err}
}

// besides is what an error says beside what it has of a change that is not whole.
func besides(err error) (said []string) {
	switch e := err.(type) {
	case *archive.PartialError:
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			said = append(said, besides(one)...)
		}
	case interface{ Unwrap() error }:
		if !errors.Is(err, archive.ErrPartial) {
			return []string{err.Error()}
		}
		said = besides(e.Unwrap())
	default:
		said = []string{err.Error()}
	}
	return said
}

// shortError is an error in fewer words.
type shortError struct {
	words string
	err   error
}

func (e shortError) Error() string { return e.words }
func (e shortError) Unwrap() error { return e.err }

// changed is an archive.ChangeReport in JSON.
type changed struct {
	Changed []int64        `json:"changed"` // export_row_ids
	Already []int64        `json:"already"`
	Failed  []failedChange `json:"failed"`
	Commits int            `json:"commits_extended,omitempty"`

	did string
}

type failedChange struct {
	ExportRowID       int64    `json:"export_row_id"`
	PromotionPacketID string   `json:"promotion_packet_id"`
	Done              []string `json:"done"`
	NotDone           []string `json:"not_done"`
	Problem           string   `json:"problem"`
}

func changedOf(r archive.ChangeReport, did string) changed {
	x := changed{Changed: append([]int64{}, r.Changed...), Already: append([]int64{}, r.Already...), Failed: []failedChange{}, Commits: r.Commits, did: did}
	for _, f := range r.Failed {
		x.Failed = append(x.Failed, failedChange{f.ExportRowID, f.PromotionPacketID, append([]string{}, f.Done...), append([]string{}, f.NotDone...), f.Err.Error()})
	}
	return x
}

func (x changed) draw(p *screen.Page) {
	for _, f := range x.Failed {
		p.Bad("row %d  %s", f.ExportRowID, screen.Clean(f.PromotionPacketID))
		p.Under("%s", screen.Clean(f.Problem))
		for _, key := range f.Done {
			p.Line("  done      %s", screen.Clean(key))
		}
		for _, key := range f.NotDone {
			p.Line("  NOT done  %s", screen.Clean(key))
		}
	}
	if len(x.Changed) > 0 {
		p.Good("%s %s, with a row for each", screen.Count(len(x.Changed), "export"), x.did)
	}
	if len(x.Already) > 0 {
		p.Good("%s needed nothing", screen.Count(len(x.Already), "export"))
	}
	if x.Commits > 0 {
		p.Good("%s of the log locked as long", screen.Count(x.Commits, "commit"))
	}
	if len(x.Changed)+len(x.Already)+len(x.Failed) == 0 {
		p.Mind("no export is meant by this")
	}
}

// writeS3Batch writes the exports meant as a manifest of S3 Batch Operations.
func (t *tool) writeS3Batch(ctx context.Context, flags *selectionFlags, path string) (err error) {
	sel, err := flags.selection()
	if err != nil {
		return err
	}
	a, err := t.open(ctx, readEvidence)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	written, err := s3Batch(ctx, a, sel, path)
	if err != nil {
		return err
	}
	return t.screen.Show(written, func(p *screen.Page) {
		p.Good("%s names %s for S3 Batch Operations", screen.Clean(path), screen.Count(written.Objects, "object"))
		p.Line("  No hold is set yet. Run a job of S3PutObjectLegalHold over it, then this command without")
		p.Line("  --s3-batch-manifest: it finds the holds set, and appends the rows.")
	})
}
