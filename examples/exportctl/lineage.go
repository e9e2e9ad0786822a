package main

import (
	"context"
	"io"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/linkage"
)

type lineageFlags struct {
	story          linkage.Story
	from, until    timeFlag
	figures        bool
	events         eventFlags
	format, output string
}

func (t *tool) lineageCommand() *cobra.Command {
	var f lineageFlags
	c := &cobra.Command{
		Use:   "lineage [ID]",
		Short: "Tell the story of a promotion in time order: believed, observed, and what is missing",
		Long: `Lineage tells a packet, an export, an incident, a rollback or a release cycle in time order,
with what was believed when it was signed beside what was observed since, and with the gaps:
an incident that nothing binds, an export that came late. --events adds what production saw,
and the gaps that only it can show.

On a terminal it is text. With --output it is a page that needs no network and no script, or
JSON, or Mermaid, by the name of the file or --format; and it says where the page is.

When to use: for the review afterwards.
Gotchas:     --figures adds how the same lane and release cycle fare otherwise; for that every
             promoted packet is read, unless --from and --until bound it.
             A gap is a fact to be looked at, and no failure: exit status 0. Evidence that
             does not verify is 1.
Related:     pack, which has the page in it; prove`,
		Example: `  exportctl lineage INC-2888 --events events.jsonl --output INC-2888.html --figures
  exportctl lineage --cycle rc-2026-33 --from 2026-08-10 --until 2026-08-18
  exportctl lineage --packet pp-20260811-PAYMENTS-0027 --format mermaid`,
		Args:              atMostOne("id"),
		ValidArgsFunction: t.completeIDs,
		RunE:              func(c *cobra.Command, args []string) error { return t.lineage(c.Context(), args, f) },
	}
	flags := c.Flags()
	flags.StringVar(&f.story.PromotionPacketID, "packet", "", "of every export of this `promotion_packet_id`")
	flags.Int64Var(&f.story.ExportRowID, "row", 0, "of the export with this `export_row_id`")
	flags.StringVar(&f.story.IncidentTicketID, "incident", "", "of what this `incident_ticket_id` touched")
	flags.StringVar(&f.story.RollbackEventID, "rollback", "", "of what this `rollback_event_id` touched")
	flags.StringVar(&f.story.ReleaseCycleID, "cycle", "", "of this `release_cycle_id`: every packet recorded --from --until is read")
	flags.Var(&f.from, "from", "of a cycle: exports recorded then or later, a `TIME`; of --figures: decided then or later")
	flags.Var(&f.until, "until", "of a cycle: exports recorded before this `TIME`; of --figures: decided before it")
	flags.BoolVar(&f.figures, "figures", false, "with the change failure rate and time to recover of its lane and release cycle")
	f.events.add(flags)
	flags.StringVar(&f.format, "format", "", "in what `FORMAT`: text, html, json or mermaid (default: by the name of --output, else text)")
	flags.StringVar(&f.output, "output", "", "write to a new `FILE` instead of standard output")
	c.MarkFlagsMutuallyExclusive("packet", "row", "incident", "rollback", "cycle")
	return c
}

// formats are those of --format, by what the names of such files end in.
var formats = map[string]string{".html": "html", ".htm": "html", ".json": "json", ".mmd": "mermaid", ".mermaid": "mermaid"}

func (f lineageFlags) chosenFormat(asJSON bool) (string, error) {
	switch named := formats[filepath.Ext(f.output)]; {
	case f.format != "" && !slices.Contains([]string{"text", "html", "json", "mermaid"}, f.format):
		return "", wrongUse("--format takes text, html, json or mermaid, and not %q", f.format)
	case f.format == "text" && f.output != "":
		return "", wrongUse("text is for a terminal: write html, json or mermaid")
	case f.format != "":
		return f.format, nil
	case named != "":
		return named, nil
	case f.output != "":
		return "html", nil
	case asJSON:
		return "json", nil
	}
	return "text", nil
}

// named reports whether a flag says what the story is of.
func (f lineageFlags) named() bool {
	s := f.story
	return s.ExportRowID != 0 || s.PromotionPacketID+s.IncidentTicketID+s.RollbackEventID+s.ReleaseCycleID != ""
}

func (t *tool) lineage(ctx context.Context, args []string, f lineageFlags) error {
	format, err := f.chosenFormat(t.screen.JSON)
	if err != nil {
		return err
	}
	if f.named() == (len(args) == 1) {
		return wrongUse("the story of what? Give one ID, or one of --packet, --row, --incident, --rollback and --cycle")
	}
	a, err := t.open(ctx, readEvidence)
	if err != nil {
		return err
	}
	defer a.Close()
	f.bound()
	told, err := tell(ctx, linkage.New(a), args, f)
	if err != nil {
		return err
	}
	if err := t.writeLineage(told, format, f.output); err != nil {
		return err
	}
	if isUnsound(told) {
		return verdict{exitFindings}
	}
	return nil
}

// bound bounds the story of a cycle, and what the figures are of.
func (f *lineageFlags) bound() {
	f.story.FromUTC, f.story.UntilUTC = f.from.Time, f.until.Time
	if f.figures {
		f.story.Figures = &linkage.Scope{FromUTC: f.from.Time, UntilUTC: f.until.Time}
	}
}

// tell tells the first story that an ID means, or the one that the flags name.
func tell(ctx context.Context, l *linkage.Linker, args []string, f lineageFlags) (told linkage.Lineage, err error) {
	story := func(s linkage.Story) error {
		if s.Events, err = f.events.all(); err != nil {
			return err
		}
		told, err = l.Lineage(ctx, s)
		return err
	}
	if len(args) == 0 {
		return told, story(f.story)
	}
	err = firstMeant(args[0], func(q exportlog.Query) error {
		if q.ExportBatchID != "" {
			return linkage.ErrNotLocated // no story is of a batch
		}
		s := f.story
		s.ExportRowID, s.PromotionPacketID, s.IncidentTicketID, s.RollbackEventID = q.ExportRowID, q.PromotionPacketID, q.IncidentTicketID, q.RollbackEventID
		return story(s)
	})
	return told, err
}

// isUnsound reports whether evidence or log are not what they were.
func isUnsound(l linkage.Lineage) bool {
	return l.Damage != "" || slices.ContainsFunc(l.Gaps, func(g linkage.Gap) bool { return g.Kind == linkage.GapUnverified })
}

func (t *tool) writeLineage(l linkage.Lineage, format, output string) error {
	if format == "text" {
		return t.screen.Show(l, func(p *screen.Page) { drawLineage(p, l) })
	}
	write := map[string]func(io.Writer) error{"html": l.WriteHTML, "json": l.WriteJSON, "mermaid": l.WriteMermaid}[format]
	if output == "" {
		return write(t.screen.Out)
	}
	if err := writeNew(output, write); err != nil {
		return err
	}
	written := toldIn{Output: place(output), Format: format, Moments: len(l.Moments), Exports: len(l.Exports), Gaps: l.Gaps}
	return t.screen.Show(written, written.draw)
}

// toldIn says where a lineage was written to.
type toldIn struct {
	Output  string        `json:"output"`
	Format  string        `json:"format"`
	Moments int           `json:"moments"`
	Exports int           `json:"exports"`
	Gaps    []linkage.Gap `json:"gaps"`
}

func (w toldIn) draw(p *screen.Page) {
	p.Good("%s of %s told in %s", screen.Count(w.Moments, "moment"), screen.Count(w.Exports, "export"), p.Bold(screen.Clean(w.Output)))
	drawGaps(p, w.Gaps)
}
