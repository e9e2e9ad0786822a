package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
	"github.com/holdfast-archive/holdfast/exportlog"
)

func (t *tool) checkpointCommand() *cobra.Command {
	var latest bool
	var row int64
	c := &cobra.Command{
		Use:   "checkpoint",
		Short: "Sign what the log comes to, or prove a row to somebody without the log",
		Long: `Checkpoint signs the log's size and root with the private --log-key, keeps that in the bucket, and
prints the signed note. Kept elsewhere, it shows later whether rows were cut off or rewritten.

With --proof it prints, as JSON, a row's own line, the checkpoint, and the proof that the one is
in the other.

When to use: after a night's batch; with --proof, for somebody who may see one row alone.
Related:     seal, verify, pack`,
		Example: `  exportctl checkpoint --log-key holdfast-log.key > head.txt
  exportctl checkpoint --latest --log-key holdfast-log.key.pub
  exportctl checkpoint --proof 42 --log-key holdfast-log.key`,
		Args: none,
		RunE: func(c *cobra.Command, _ []string) error {
			if t.shared.logKey == "" {
				return wrongUse("whose log? Give --log-key FILE, or set %s", variable("log-key"))
			}
			if c.Flags().Changed("proof") && row < 1 {
				return wrongUse("--proof %d: rows are counted from 1", row)
			}
			a, err := t.open(c.Context(), readLog)
			if err != nil {
				return err
			}
			defer a.Close()
			return t.checkpoint(c.Context(), a, latest, row)
		},
	}
	c.Flags().BoolVar(&latest, "latest", false, "print the latest that is there; sign nothing")
	c.Flags().Int64Var(&row, "proof", 0, "prove that this `ROW` is in the log")
	return c
}

// signedHead is an exportlog.Checkpoint in JSON, with a row's proof if one is asked for.
type signedHead struct {
	Origin     string           `json:"origin"`
	Size       int64            `json:"size"`
	RootSHA256 string           `json:"root_sha256"`
	Checkpoint string           `json:"checkpoint"` // the signed note
	Line       string           `json:"line,omitempty"`
	Proof      *exportlog.Proof `json:"proof,omitempty"`
}

func (t *tool) checkpoint(ctx context.Context, a *archive.Archive, latest bool, row int64) error {
	sign := a.Log().Checkpoint
	if latest || !a.Log().CheckpointKey().CanSign() {
		sign = a.Log().LatestCheckpoint
	}
	head, err := sign(ctx)
	if err != nil {
		return err
	}
	x := signedHead{Origin: head.Origin, Size: head.Size, RootSHA256: head.Root.String(), Checkpoint: string(head.Note)}
	if row == 0 {
		return t.screen.Show(x, func(p *screen.Page) { p.Line("%s", x.Checkpoint[:len(x.Checkpoint)-1]) })
	}
	if row > head.Size {
		return wrongUse("--proof %d: the checkpoint has %d rows", row, head.Size)
	}
	rows, err := a.Log().Find(ctx, exportlog.Query{ExportRowID: row})
	if err != nil {
		return err
	}
	proof, err := a.Log().ProveRow(ctx, row, head.Size)
	if err != nil {
		return err
	}
	for _, r := range rows {
		x.Line, x.Proof = string(r.Line()), &proof
	}
	return t.screen.WriteJSON(x)
}
