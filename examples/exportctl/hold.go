package main

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
)

// matterFlags say which exports are meant, and for what matter.
type matterFlags struct {
	selectionFlags
	matter archive.Matter
	dryRun bool
}

func (m *matterFlags) add(f *pflag.FlagSet) {
	m.selectionFlags.add(f)
	f.StringVar(&m.matter.ID, "matter", "", "the `matter_id`, such as a case number")
	f.StringVar(&m.matter.Reason, "reason", "", "why: a `TEXT`")
	f.StringVar(&m.matter.By, "by", "", "`ROLE/NAME` of who says so (default: --operator)")
}

func (m *matterFlags) check() error {
	if m.matter.ID == "" || m.matter.Reason == "" {
		return wrongUse("for what, and why? Give --matter ID and --reason TEXT")
	}
	return nil
}

func (t *tool) holdCommand() *cobra.Command {
	var m matterFlags
	var s3Batch string
	c := &cobra.Command{
		Use:   "hold --matter ID --reason TEXT",
		Short: "Put exports under legal hold for a matter",
		Long: `Hold puts every object of the exports chosen under legal hold: objects first, then a row that
says who did it, when and why. What one matter holds, no other releases.

It can be interrupted at any point: the same command again goes on.

When to use: when counsel asks for it, or when an incident may end in a dispute.
Gotchas:     look with --dry-run at what is meant. For millions of objects on S3, have S3 Batch
             Operations do it (--s3-batch-manifest), and hold afterwards for the rows.
Related:     release, review-holds, find`,
		Example: `  exportctl hold --incident INC-2888 --matter CASE-7 --reason "claim by a merchant" --by legal/counsel
  exportctl hold --from 2026-08-01 --to 2026-09-01 --matter CASE-8 --reason "audit of August" --dry-run`,
		Args: none,
		RunE: func(c *cobra.Command, _ []string) error {
			if s3Batch != "" {
				return t.writeS3Batch(c.Context(), &m.selectionFlags, s3Batch)
			}
			if err := m.check(); err != nil {
				return err
			}
			return t.change(c.Context(), &m.selectionFlags, m.dryRun, "held", m.with((*archive.Archive).Hold))
		},
	}
	m.add(c.Flags())
	c.Flags().BoolVar(&m.dryRun, "dry-run", false, "list the exports that are meant; change nothing")
	c.Flags().StringVar(&s3Batch, "s3-batch-manifest", "", "write the objects to a new `FILE` for S3 Batch Operations; hold nothing")
	return c
}

func (t *tool) releaseCommand() *cobra.Command {
	var m matterFlags
	c := &cobra.Command{
		Use:   "release --matter ID --reason TEXT",
		Short: "Release exports from the hold of a matter",
		Long: `Release says in a row that the matter holds an export no more, and then takes the hold off each
object that no other matter holds. Locks stay as long as they are.

When to use: when the matter is closed.
Gotchas:     the policy may want somebody else to release than placed the hold: --by. The hold
             that came with a retention class is of the matter ` + archive.ClassMatter + `.
Related:     hold, review-holds`,
		Example: `  exportctl release --incident INC-2888 --matter CASE-7 --reason "settled" --by legal/deputy`,
		Args:    none,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := m.check(); err != nil {
				return err
			}
			return t.change(c.Context(), &m.selectionFlags, m.dryRun, "released", m.with((*archive.Archive).Release))
		},
	}
	m.add(c.Flags())
	c.Flags().BoolVar(&m.dryRun, "dry-run", false, "list the exports that are meant; change nothing")
	return c
}

// with is a change for the matter, with somebody who watches.
func (m *matterFlags) with(do func(*archive.Archive, context.Context, archive.Selection, archive.Matter) (archive.ChangeReport, error)) changer {
	return func(ctx context.Context, a *archive.Archive, s archive.Selection, watch func(archive.ChangeReport)) (archive.ChangeReport, error) {
		matter := m.matter
		matter.Progress = watch
		return do(a, ctx, s, matter)
	}
}

func (t *tool) reviewHoldsCommand() *cobra.Command {
	var m matterFlags
	c := &cobra.Command{
		Use:   "review-holds --matter ID --reason TEXT",
		Short: "Record that somebody has looked at the holds of a matter, and lets them stand",
		Long: `Review-holds appends a row to each hold of the matter: who looked, and why it stands. No object
is touched. Again on the same day it adds nothing.

When to use: when radar says that nobody has looked at a hold in a while.
Related:     radar, hold, release`,
		Example: `  exportctl review-holds --all --matter CASE-7 --reason "still before the court" --by legal/counsel`,
		Args:    none,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := m.check(); err != nil {
				return err
			}
			return t.reviewHolds(c.Context(), &m)
		},
	}
	m.add(c.Flags())
	return c
}

func (t *tool) reviewHolds(ctx context.Context, m *matterFlags) error {
	sel, err := m.selection()
	if err != nil {
		return err
	}
	a, err := t.open(ctx, change)
	if err != nil {
		return err
	}
	defer a.Close()
	n, err := a.ReviewHolds(ctx, sel, m.matter)
	if err != nil {
		return err
	}
	done := struct {
		MatterID string `json:"matter_id"`
		Reviewed int    `json:"reviewed"`
	}{m.matter.ID, n}
	return t.screen.Show(done, func(p *screen.Page) {
		p.Good("for %s, %s looked at, and left to stand", screen.Clean(m.matter.ID), screen.Count(n, "hold"))
	})
}
