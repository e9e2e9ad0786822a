package archive

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
)

// sweepJobs bounds the manifests whose exports are confirmed at once.
const sweepJobs = 8

// Range is a part of the log to sweep. Its zero value is all of it.
type Range struct {
	From, To int64 // the first and the last row; 0 is the log's own

	// Progress is told at the beginning, and about once a second, how many exports were
	// confirmed, of how many at most: those that were read, and a row each for what was
	// not read yet, which may be of another kind. Nil tells nobody.
	Progress func(exports int, of int64)
}

// VerifyRows confirms every export among the rows of a range, as [Archive.Confirm]
// does: that all the log promises of it is so. Ranges can be swept anywhere, in any
// order: a scheduler may split a log over machines. A sweep that ends early, as when
// ctx does, says in Report.Next where to go on.
//
// What is wrong is in the report and in a [NotConfirmedError]; rows that cannot be read
// are for [exportlog.Log.Verify] to name. What lies in the bucket beside the exports
// is looked at by [Archive.Verify] alone.
func (a *Archive) VerifyRows(ctx context.Context, r Range) (_ Report, err error) {
	ctx, op := a.watch.begin(ctx, "verify rows")
	defer func() { a.watch.end(ctx, op, err) }()
	if a.verifier == nil {
		return Report{}, fmt.Errorf("archive: verify rows: %w", manifest.ErrNoTrustedKeys)
	}
	s := a.newSweep(r)
	if err := s.run(ctx); err != nil {
		return s.Report, fmt.Errorf("archive: verify rows: %w", err)
	}
	return s.Report, s.verdict("verify rows")
}

// sweep confirms the exports of a range.
type sweep struct {
	Report
	archive *Archive
	Range
	account func(*confirmer) // is told of each export; may be nil

	mu    sync.Mutex
	open  map[int64]bool // jobs that are not done, by their first row
	last  int64          // row of the range
	most  int64          // exports there may be in it, as far as it was read
	known int64          // exports that were read
	told  time.Time
}

func (a *Archive) newSweep(r Range) *sweep {
	return &sweep{archive: a, Range: r, open: map[int64]bool{}}
}

func (s *sweep) run(ctx context.Context) error {
	head, err := s.archive.log.Head(ctx)
	if err != nil && !errors.Is(err, exportlog.ErrDamaged) {
		return err
	}
	from, to := max(s.From, 1), s.To
	if to == 0 {
		to = math.MaxInt64
	}
	s.last = min(to, head.Size)
	s.most = max(s.last-from+1, 0)
	if s.Progress != nil {
		s.Progress(0, s.most)
	}
	s.Next = from
	err = s.jobs(ctx, from, to)
	slices.SortStableFunc(s.Findings, func(a, b exportlog.Finding) int { return int(a.ExportRowID - b.ExportRowID) })
	return err
}

// jobs confirms the exports of one manifest after the other, several at once.
func (s *sweep) jobs(ctx context.Context, from, to int64) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(sweepJobs)
	read := from
	var failed error
	for job, err := range jobs(s.archive.log.CurrentBetween(gctx, from, to)) {
		if errors.Is(err, exportlog.ErrDamaged) {
			continue // named by the log's own verification
		}
		if failed = err; err != nil {
			break
		}
		read = job[0].ExportRowID
		s.begin(job)
		g.Go(func() error { return s.job(gctx, job) })
		if failed = gctx.Err(); failed != nil {
			break
		}
	}
	err := errors.Join(g.Wait(), failed)
	s.Next = 0
	if err != nil {
		s.Next = read
		for first := range s.open {
			s.Next = min(s.Next, first)
		}
	}
	return err
}

func (s *sweep) begin(job []exportlog.Current) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[job[0].ExportRowID] = true
	s.known += int64(len(job))
	s.most = s.known + max(s.last-job[len(job)-1].ExportRowID, 0)
}

func (s *sweep) job(ctx context.Context, exports []exportlog.Current) error {
	opener, anchors := s.archive.newOpener(), map[manifest.LogAnchor]bool{}
	for _, export := range exports {
		c := &confirmer{archive: s.archive, opener: opener, row: export.Exported, before: export.Before, anchors: anchors}
		if err := c.evidence(ctx); err != nil {
			return err
		}
		c.locks(export.Promise)
		s.add(c)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, exports[0].ExportRowID)
	return nil
}

// add takes an export into the report.
func (s *sweep) add(c *confirmer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Exports++
	s.Objects += c.Objects
	s.Bytes += c.Bytes
	s.Findings = append(s.Findings, c.Findings...)
	if s.account != nil {
		s.account(c)
	}
	if s.Progress != nil && time.Since(s.told) >= progressPeriod {
		s.told = time.Now()
		s.Progress(s.Exports, s.most)
	}
}
