package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
)

func (t *tool) compareCommand() *cobra.Command {
	var how archive.Comparison
	c := &cobra.Command{
		Use:   "compare REPLICA",
		Short: "Name every difference between the evidence and its second copy",
		Long: `Compare lists the bucket and its copy in step, and names what either has lost, what has other
bytes, and locks that are weaker on the copy. What is only not copied yet is no difference.

When to use: after replicate, and when something is missing: the copy may have it.
Gotchas:     every object is read twice, unless --by-record believes the digests that both stores keep.
Related:     replicate; verify --replica, for what both could have lost`,
		Example: `  exportctl compare 's3://evidence-copy?region=eu-central-1' --by-record`,
		Args:    exactlyOne("the replica's URL"),
		RunE: func(c *cobra.Command, args []string) error {
			return t.withReplica(c.Context(), args[0], func(ctx context.Context, r *archive.Replica) error { return t.compare(ctx, r, how) })
		},
	}
	c.Flags().BoolVar(&how.ByRecord, "by-record", false, "compare the digests that both stores recorded, and read no bytes")
	return c
}

func (t *tool) compare(ctx context.Context, r *archive.Replica, how archive.Comparison) error {
	bar := t.screen.Progress("comparing objects", 0, screen.Things)
	how.Progress = func(p archive.Progress) { bar.Set(p.Done, p.Of) }
	c, err := r.Compare(ctx, how)
	bar.Close()
	if err != nil && !errors.Is(err, archive.ErrNotConfirmed) {
		return err
	}
	shown := compared{Rows: c.Primary.Size, ReplicaRows: c.Replica.Size, Behind: c.Behind(), Objects: c.Objects, Waiting: c.Waiting, Findings: findings(c.Findings)}
	if err := t.screen.Show(shown, shown.draw); err != nil {
		return err
	}
	return found(err)
}

// compared is an archive.Compared in JSON.
type compared struct {
	Rows        int64     `json:"rows"`
	ReplicaRows int64     `json:"replica_rows"`
	Behind      int64     `json:"rows_behind"`
	Objects     int       `json:"objects"`
	Waiting     []string  `json:"waiting,omitempty"`
	Findings    []finding `json:"findings"`
}

func (c compared) draw(p *screen.Page) {
	p.Line("compared  %s; %s here, %d in the copy", screen.Count(c.Objects, "object"), screen.Count(c.Rows, "row"), c.ReplicaRows)
	if c.Behind > 0 || len(c.Waiting) > 0 {
		p.Mind("not copied yet: %s and %s; `exportctl replicate` copies them", screen.Count(c.Behind, "row"), screen.Count(len(c.Waiting), "object"))
	}
	drawFindings(p, c.Findings)
	if len(c.Findings) > 0 {
		p.Bad("%s", screen.Count(len(c.Findings), "difference"))
		return
	}
	p.Good("no difference")
}
