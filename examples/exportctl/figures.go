package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
	"github.com/holdfast-archive/holdfast/linkage"
)

func (t *tool) figuresCommand() *cobra.Command {
	var from, to timeFlag
	var asCSV bool
	c := &cobra.Command{
		Use:   "figures",
		Short: "Change failure rate and time to recover, by lane and release cycle",
		Long: `Figures counts what the log binds together and nothing else: a promotion failed if somebody
bound an incident or a rollback to it. Each figure says how many rows it rests on, and what
is not known.

Gotchas: each promoted packet is read, so it takes a while in a large bucket: bound it by
         --from and --to. Time to recover ends when the rollback was bound.
Related: csv, for the exports themselves; reconcile, for what is not bound yet`,
		Example: `  exportctl figures --from 2026-08-01 --to 2026-09-01
  exportctl figures --csv > figures.csv`,
		Args: none,
		RunE: func(c *cobra.Command, _ []string) error {
			scope := linkage.Scope{FromUTC: from.Time, UntilUTC: to.Time}
			return t.figures(c.Context(), scope, asCSV)
		},
	}
	c.Flags().Var(&from, "from", "promotions decided then or later, a `TIME`")
	c.Flags().Var(&to, "to", "promotions decided before this `TIME`")
	c.Flags().BoolVar(&asCSV, "csv", false, "as CSV, times in seconds")
	return c
}

func (t *tool) figures(ctx context.Context, scope linkage.Scope, asCSV bool) error {
	if asCSV && t.screen.JSON {
		return wrongUse("--csv or --json, and not both")
	}
	a, err := t.open(ctx, readEvidence)
	if err != nil {
		return err
	}
	defer a.Close()
	f, err := linkage.New(a).Figures(ctx, scope)
	if err != nil {
		return err
	}
	if asCSV {
		err = f.WriteCSV(t.screen.Out)
	} else {
		err = t.screen.Show(f, func(p *screen.Page) { drawFigures(p, f) })
	}
	if err == nil && (f.Unverified > 0 || f.Damage != "") {
		t.screen.Note("not verified, and in no lane: %s. %s", screen.Count(f.Unverified, "promotion"), screen.Clean(f.Damage))
		return verdict{exitFindings}
	}
	return err
}

func drawFigures(p *screen.Page, f linkage.Figures) {
	all := f.All
	all.Lane = "all"
	var rows [][]any
	for _, g := range append(append([]linkage.Figure{}, f.Groups...), all) {
		rows = append(rows, []any{g.Lane, g.ReleaseCycleID, g.Promoted, g.Failed, rate(g), g.Recover, screen.Count(g.ExportRows, "export") + ", " + screen.Count(g.LinkRows, "link")})
	}
	p.Table([]string{"lane", "release_cycle_id", "promoted", "failed", "failure rate", "time to recover", "rests on"}, rows)
}

func rate(g linkage.Figure) string {
	if r, known := g.FailureRate(); known {
		return fmt.Sprintf("%.1f%%", 100*r)
	}
	return "not known"
}
