package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
)

func (t *tool) replicateCommand() *cobra.Command {
	var how archive.Replication
	c := &cobra.Command{
		Use:   "replicate REPLICA",
		Short: "Bring a second copy of the evidence up to date",
		Long: `Replicate copies what is new to the bucket whose URL is given: objects, locked at least as
firmly, before the rows that point to them; and, with a private --log-key, it signs the head of
the copy. Nothing is overwritten, and it only reads the primary.

When to use: every night, or after each release, from a machine that may write to the copy alone.
Gotchas:     a hold that was released stays on the copy, unless --releases is given.
Related:     compare, which names every difference; verify --replica`,
		Example: `  exportctl replicate 's3://evidence-copy?region=eu-central-1'
  exportctl replicate file:///mnt/vault/evidence --again 1`,
		Args: exactlyOne("the replica's URL"),
		RunE: func(c *cobra.Command, args []string) error {
			return t.withReplica(c.Context(), args[0], func(ctx context.Context, r *archive.Replica) error { return t.replicate(ctx, r, how) })
		},
	}
	c.Flags().Int64Var(&how.Again, "again", 0, "look at exports from this `ROW` on once more: what is missing is copied, locks are made as strong as they should be")
	c.Flags().BoolVar(&how.Releases, "releases", false, "take holds off the copy, too, that were released")
	return c
}

// replica opens a bucket as the archive's copy, once it has answered.
func (t *tool) replica(ctx context.Context, a *archive.Archive, url string) (*archive.Replica, error) {
	store, err := openStore(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("the replica %s: %w", url, err)
	}
	r, err := a.Replica(store)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return r, nil
}

func (t *tool) withReplica(ctx context.Context, url string, do func(context.Context, *archive.Replica) error) error {
	a, err := t.open(ctx, readEvidence)
	if err != nil {
		return err
	}
	defer a.Close()
	r, err := t.replica(ctx, a, url)
	if err != nil {
		return err
	}
	defer r.Close()
	return do(ctx, r)
}

func (t *tool) replicate(ctx context.Context, r *archive.Replica, how archive.Replication) error {
	bar := t.screen.Progress("copying rows", 0, screen.Things)
	how.Progress = func(p archive.Progress) { bar.Set(p.Done, p.Of) }
	done, err := r.Replicate(ctx, how)
	bar.Close()
	if err != nil && !errors.Is(err, archive.ErrNotConfirmed) && done.Objects == 0 {
		return err
	}
	shown := replicatedOf(done)
	if err := t.screen.Show(shown, shown.draw); err != nil {
		return err
	}
	return found(stopped(err, "What is copied is copied: run the same command again, and it goes on."))
}

// replicated is an archive.Replicated in JSON.
type replicated struct {
	Rows           int64     `json:"rows"` // that the copy has now
	Copied         int64     `json:"rows_copied"`
	Commits        int64     `json:"commits_copied"`
	Objects        int       `json:"objects_copied"`
	Bytes          int64     `json:"bytes_copied"`
	Already        int       `json:"objects_already"`
	CheckpointSize int64     `json:"checkpoint_size,omitempty"`
	Findings       []finding `json:"findings"`
}

func replicatedOf(r archive.Replicated) replicated {
	return replicated{Rows: r.Head.Size, Copied: r.Rows, Commits: r.Commits, Objects: r.Objects, Bytes: r.Bytes, Already: r.Already,
		CheckpointSize: r.Checkpoint.Size, Findings: findings(r.Findings)}
}

func (r replicated) draw(p *screen.Page) {
	p.Line("copied  %s, %s, %s; %s there already", screen.Count(r.Copied, "row"), screen.Count(r.Objects, "object"), screen.Size(r.Bytes), screen.Count(r.Already, "object"))
	if r.CheckpointSize > 0 {
		p.Line("signed  the copy's head, at %s", screen.Count(r.CheckpointSize, "row"))
	}
	drawFindings(p, r.Findings)
	if len(r.Findings) > 0 {
		p.Bad("%s not what was exported, and not copied", screen.Count(len(r.Findings), "object"))
		return
	}
	p.Good("the copy has %s", screen.Count(r.Rows, "row"))
}
