package main

import (
	"context"
	"errors"
	"io"
	"iter"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/holdfast-archive/holdfast/archive"
)

type coverageFlags struct {
	decisions, incidents, format string
	from, to                     timeFlag
}

func (t *tool) coverageCommand() *cobra.Command {
	var f coverageFlags
	c := &cobra.Command{
		Use:   "coverage --decisions FILE",
		Short: "Compare the promotions that really happened with the exports in the log",
		Long: `Coverage reads the decisions that a register or a deploy tool knows of, and says which were not
exported, too late, or otherwise than they were decided; and, with --incidents, which incidents
and rollbacks nobody has linked.

Exit status 1 says that there are gaps, 3 that all is there and some of it was late.

When to use: every night, for a window whose decisions are all known.
Gotchas:     give all decisions of the window: an export that has none is an orphan.
Related:     export --reconstructed-by, for what is missing; link, for what is not linked`,
		Example: `  exportctl coverage --decisions register.csv --from 2026-08-01 --to 2026-09-01
  exportctl coverage --decisions decisions.jsonl --incidents incidents.jsonl --format csv > gaps.csv`,
		Args: none,
		RunE: func(c *cobra.Command, _ []string) error { return t.coverage(c.Context(), f) },
	}
	c.Flags().StringVar(&f.decisions, "decisions", "", "the decisions that were taken: a .csv or .jsonl `FILE`")
	c.Flags().StringVar(&f.incidents, "incidents", "", "incidents and rollbacks: a .jsonl `FILE`")
	c.Flags().StringVar(&f.format, "format", "markdown", "`FORMAT` of the findings: markdown, csv or json")
	c.Flags().Var(&f.from, "from", "decided then or later: a `TIME`")
	c.Flags().Var(&f.to, "to", "decided before this `TIME`")
	return c
}

func (t *tool) coverage(ctx context.Context, f coverageFlags) (err error) {
	out, err := t.coverageOutput(f.format)
	if err != nil {
		return err
	}
	if f.decisions == "" {
		return wrongUse("what was decided? Give --decisions FILE.csv or FILE.jsonl")
	}
	decisions, err := os.Open(f.decisions)
	if err != nil {
		return usageError{err}
	}
	defer decisions.Close()
	in := archive.CoverageInput{From: f.from.Time, To: f.to.Time}
	if in.Decisions, err = readDecisions(decisions); err != nil {
		return err
	}
	if f.incidents != "" {
		incidents, err := os.Open(f.incidents)
		if err != nil {
			return usageError{err}
		}
		defer incidents.Close()
		in.Incidents = archive.ReadIncidentsJSONL(incidents)
	}
	a, err := t.open(ctx, readLog)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	summary, err := a.Coverage(ctx, in, out)
	if err != nil {
		return err
	}
	if status := summary.ExitCode(); status != exitDone {
		return verdict{status}
	}
	return nil
}

// readDecisions reads a file as its name says.
func readDecisions(f *os.File) (iter.Seq2[archive.Decision, error], error) {
	switch filepath.Ext(f.Name()) {
	case ".csv":
		return archive.ReadDecisionsCSV(f), nil
	case ".jsonl":
		return archive.ReadDecisionsJSONL(f), nil
	}
	return nil, wrongUse("--decisions %s: a name that ends with .csv or .jsonl says what is in it", f.Name())
}

func (t *tool) coverageOutput(format string) (archive.CoverageOutput, error) {
	if t.screen.JSON {
		format = "json"
	}
	outputs := map[string]func(io.Writer) archive.CoverageOutput{
		"markdown": archive.CoverageMarkdown, "csv": archive.CoverageCSV, "json": archive.CoverageJSON,
	}
	output, ok := outputs[format]
	if !ok {
		return nil, wrongUse("--format markdown, csv or json, and not %q", format)
	}
	return output(t.screen.Out), nil
}
