package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
	"github.com/holdfast-archive/holdfast/exportlog"
)

type verifyFlags struct {
	rows    rowsFlag
	replica string
	log     bool
}

func (t *tool) verifyCommand() *cobra.Command {
	var f verifyFlags
	c := &cobra.Command{
		Use:   "verify",
		Short: "Check everything in the bucket, and name what is not as it was written",
		Long: `Verify reads the whole bucket: every commit of the log, every manifest's signature, every
byte of every packet and exhibit, every lock and hold that was promised, and that nothing lies
there that no row accounts for.

    --rows FROM-TO  only the exports among these rows: a scheduler can split a log over machines
    --log           only the log: quick, and needs no key
    --replica URL   the bucket, held to what its copy remembers: a log that was cut off at its
                    very end shows in this way alone

When to use: every night, and before anybody relies on the evidence.
Gotchas:     in a directory, a row that was cut off from the very end together with its packet
             leaves no trace: keep a replica, or a checkpoint elsewhere.
Related:     confirm, for one export; compare, for a replica; radar, for what lapses`,
		Example: `  exportctl verify
  exportctl verify --rows 1-5000
  exportctl verify --replica 's3://evidence-copy?region=eu-central-1'
  exportctl verify --log --json | jq .findings`,
		Args: none,
		RunE: func(c *cobra.Command, _ []string) error { return t.verify(c.Context(), f) },
	}
	c.Flags().Var(&f.rows, "rows", "only the exports among these rows of the log: FROM-TO, FROM- or one row")
	c.Flags().StringVar(&f.replica, "replica", "", "hold the bucket to what its copy at this `URL` remembers")
	c.Flags().BoolVar(&f.log, "log", false, "only the log")
	c.MarkFlagsMutuallyExclusive("rows", "replica", "log")
	return c
}

func (t *tool) verify(ctx context.Context, f verifyFlags) error {
	wanted := readEvidence
	if f.log {
		wanted = readLog
	}
	a, err := t.open(ctx, wanted)
	if err != nil {
		return err
	}
	defer a.Close()
	report, err := t.check(ctx, a, f)
	if err != nil && !errors.Is(err, archive.ErrNotConfirmed) && !errors.Is(err, exportlog.ErrDamaged) && report.Exports == 0 {
		return err
	}
	v := verifiedOf(report, f, err)
	if shown := t.screen.Show(v, v.draw); shown != nil {
		return shown
	}
	return found(goOn(err, report, f))
}

// check runs the check that was asked for, and shows how far it has come.
func (t *tool) check(ctx context.Context, a *archive.Archive, f verifyFlags) (archive.Report, error) {
	switch {
	case f.log:
		bar := t.screen.Progress("reading the log", 0, screen.Things)
		defer bar.Close()
		log, err := a.Log().Verify(ctx, exportlog.Scope{Progress: bar.Set})
		return archive.Report{Log: log, Findings: log.Findings}, err
	case f.rows != (rowsFlag{}):
		bar := t.screen.Progress("confirming exports", 0, screen.Things)
		defer bar.Close()
		return a.VerifyRows(ctx, archive.Range{From: f.rows.from, To: f.rows.to, Progress: func(exports int, of int64) { bar.Set(int64(exports), of) }})
	}
	stages := &stageBars{screen: t.screen}
	defer stages.close()
	if f.replica == "" {
		return a.Verify(ctx, archive.WithProgress(stages.show))
	}
	r, err := t.replica(ctx, a, f.replica)
	if err != nil {
		return archive.Report{}, err
	}
	defer r.Close()
	return r.Verify(ctx, archive.WithProgress(stages.show))
}

// goOn says how a check that ended early is gone on with.
func goOn(err error, r archive.Report, f verifyFlags) error {
	if r.Next <= 1 {
		return err
	}
	rows := fmt.Sprintf("%d-", r.Next)
	if f.rows.to > 0 {
		rows += screen.Number(f.rows.to)
	}
	todo := fmt.Sprintf("Of the exports, those before row %d were looked at; `exportctl verify --rows %s` goes on with the others.", r.Next, rows)
	return stopped(err, todo)
}

// stageBars shows one stage after the other.
type stageBars struct {
	screen *screen.Screen
	stage  archive.Stage
	bar    *screen.Bar
}

func (s *stageBars) show(p archive.Progress) {
	if s.bar == nil || p.Stage != s.stage {
		s.close()
		s.stage, s.bar = p.Stage, s.screen.Progress("checking "+string(p.Stage), p.Of, screen.Things)
	}
	s.bar.Set(p.Done, p.Of)
}

func (s *stageBars) close() {
	if s.bar != nil {
		s.bar.Close()
	}
}
