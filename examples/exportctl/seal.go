package main

import (
	"github.com/spf13/cobra"

	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
)

func (t *tool) sealCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "seal",
		Short: "Write what the log's readers look things up in, up to its end",
		Long: `Seal writes the index, blocks and tiles that the log lacks. Exports do so in the background; this
is for the end of a night's batch, and for a log whose writers were killed. What is there
already is compared, and never overwritten.

It can be interrupted at any point: the same command again goes on.
Related: checkpoint, verify --log`,
		Example: `  exportctl seal`,
		Args:    none,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx := c.Context()
			a, err := t.open(ctx, readLog)
			if err != nil {
				return err
			}
			defer a.Close()
			bar := t.screen.Progress("sealing", 0, screen.Things)
			err = a.Log().SealWithProgress(ctx, bar.Set)
			bar.Close()
			if err != nil {
				return err
			}
			head, err := a.Log().Head(ctx)
			if err != nil {
				return err
			}
			done := struct {
				Rows       int64  `json:"rows"`
				RootSHA256 string `json:"root_sha256"`
			}{head.Size, head.Root.String()}
			return t.screen.Show(done, func(p *screen.Page) { p.Good("sealed up to row %d", head.Size) })
		},
	}
}
