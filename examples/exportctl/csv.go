package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
	"github.com/holdfast-archive/holdfast/exportlog"
)

type csvFlags struct {
	asOf    timeOrRow
	jsonl   bool
	fromRow int64
	output  string
}

func (t *tool) csvCommand() *cobra.Command {
	var f csvFlags
	c := &cobra.Command{
		Use:   "csv",
		Short: "Write all exports as a table for a spreadsheet, or the log's own lines",
		Long: `Csv writes every export as it stands today: corrected, and a line for each incident or rollback
that is bound to it. With --as-of it is written as it stood then. What a spreadsheet would take
for a formula is quoted by an apostrophe.

With --jsonl it writes the lines of the log instead, byte for byte as they are in the bucket.

Related: find, for a few; figures, for rates`,
		Example: `  exportctl csv --output exports.csv
  exportctl csv --as-of 2026-08-12
  exportctl csv --jsonl --from-row 1000 >> log.jsonl`,
		Args: none,
		RunE: func(c *cobra.Command, _ []string) error { return t.csv(c.Context(), f) },
	}
	flags := c.Flags()
	flags.Var(&f.asOf, "as-of", "as it stood at a `TIME`, or when the log had just this row")
	flags.BoolVar(&f.jsonl, "jsonl", false, "the log's own lines, every kind of row")
	flags.Int64Var(&f.fromRow, "from-row", 1, "with --jsonl: from this `export_row_id` on")
	flags.StringVar(&f.output, "output", "", "write to a new `FILE` instead of standard output")
	c.MarkFlagsMutuallyExclusive("jsonl", "as-of")
	return c
}

func (t *tool) csv(ctx context.Context, f csvFlags) error {
	switch {
	case f.fromRow < 1:
		return wrongUse("--from-row %d: rows are numbered from 1", f.fromRow)
	case f.fromRow > 1 && !f.jsonl:
		return wrongUse("--from-row goes with --jsonl: a table is of all exports")
	case t.screen.JSON && f.output == "":
		return wrongUse("the table is the result; for JSON, `exportctl find --all --json` has the exports, and --jsonl alone the log's lines")
	}
	a, err := t.open(ctx, readLog)
	if err != nil {
		return err
	}
	defer a.Close()
	write := f.writer(ctx, a)
	if f.output == "" {
		return write(t.screen.Out)
	}
	var counted countingWriter
	bar := t.screen.Progress("writing", 0, screen.Bytes)
	err = writeNew(f.output, func(w io.Writer) error {
		counted.Writer = io.MultiWriter(w, bar)
		return write(&counted)
	})
	bar.Close()
	if err != nil {
		return err
	}
	written := writtenTo{Output: place(f.output), Bytes: counted.n}
	return t.screen.Show(written, func(p *screen.Page) { p.Good("%d bytes are in %s", written.Bytes, screen.Clean(written.Output)) })
}

func (f csvFlags) writer(ctx context.Context, a *archive.Archive) func(io.Writer) error {
	return func(w io.Writer) error {
		switch {
		case f.jsonl:
			return a.Log().WriteJSONL(ctx, w, f.fromRow)
		case f.asOf != (timeOrRow{}):
			return a.Log().WriteCSVAsOf(ctx, w, exportlog.AsOf(f.asOf))
		}
		return a.Log().WriteCSV(ctx, w)
	}
}

// writtenTo says where a result was written to.
type writtenTo struct {
	Output string `json:"output"`
	Bytes  int64  `json:"bytes"`
}

// countingWriter counts what is written.
type countingWriter struct {
	io.Writer
	n int64
}

func (w *countingWriter) Write(b []byte) (int, error) {
	n, err := w.Writer.Write(b)
	w.n += int64(n)
	return n, err
}
