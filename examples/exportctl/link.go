package main

import (
	"context"
	"encoding/json"
	"time"

	"github.com/spf13/cobra"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/linkage"
)

// linkFlags say what went wrong, and with which export.
type linkFlags struct {
	row                int64
	packet, batch      string
	deploy, artifact   string
	from, to           timeFlag
	events             eventFlags
	incident, rollback string
	deltas             []string
	source             string
	observedAt         timeFlag
	summary            string
	ack                ackFlag
}

func (t *tool) linkCommand() *cobra.Command {
	var f linkFlags
	c := &cobra.Command{
		Use:   "link",
		Short: "Bind an incident or a rollback to the export that authorised the risk",
		Long: `Link appends a row that binds an incident, a rollback or both to one export, with what was
recorded when it was decided and what was observed since. The export itself never changes.

Name the export by --row, --packet or --batch. Who does not know it gives what the deploy
tool knows, --deploy-id, --artifact or a time from --from to --to, and its events with
--events. With --events and an incident or rollback that is among them, nothing more need be
said: export and facts are taken from there where they are not given.

When to use: as soon as an incident has a ticket, or a rollback an id.
Gotchas:     what was said first stays said: the same ids bound again change nothing.
Related:     prove, lineage, reconcile, correct`,
		Example: `  exportctl link --packet pp-20260811-PAYMENTS-0027 --incident INC-2888 --rollback rb-7501-27 \
      --delta crash_free_sessions=99.6%..92.4% --delta purchase_success=98.9%..95.5%@grafana \
      --ack 'incident-commander: on-call lead'
  exportctl link --deploy-id dep-7501-27 --events events.jsonl --incident INC-2888 \
      --summary 'crash loop on start' --ack 'incident-commander: on-call lead'
  exportctl link --events events.jsonl --incident INC-2888 --ack 'release-ops: on-call lead'`,
		Args: none,
		RunE: func(c *cobra.Command, _ []string) error { return t.link(c.Context(), f) },
	}
	f.add(c)
	return c
}

func (f *linkFlags) add(c *cobra.Command) {
	flags := c.Flags()
	flags.Int64Var(&f.row, "row", 0, "the export by its `export_row_id`")
	flags.StringVar(&f.packet, "packet", "", "the export by its `promotion_packet_id`")
	flags.StringVar(&f.batch, "batch", "", "the export by its `export_batch_id`")
	flags.StringVar(&f.deploy, "deploy-id", "", "the export by the `ID` of its deploy, with --events")
	flags.StringVar(&f.artifact, "artifact", "", "… by the `ADDRESS` of what was deployed, or its sha256:… alone, with --events")
	flags.Var(&f.from, "from", "… by when it was deployed: then or later, a `TIME`, with --events")
	flags.Var(&f.to, "to", "… then or earlier, a `TIME`, with --events")
	f.events.add(flags)
	flags.StringVar(&f.incident, "incident", "", "the `incident_ticket_id` to bind")
	flags.StringVar(&f.rollback, "rollback", "", "the `rollback_event_id` to bind")
	flags.StringArrayVar(&f.deltas, "delta", nil, "a fact, any number of them: `FIELD=RECORDED..OBSERVED[@SOURCE]`")
	flags.StringVar(&f.source, "source", "", "`WHO` or what observed the deltas (default: the incident or rollback)")
	flags.Var(&f.observedAt, "observed-at", "when the deltas were observed, a `TIME` (default: now)")
	flags.StringVar(&f.summary, "summary", "", "what happened, in words, beside the deltas: a `TEXT`")
	flags.Var(&f.ack, "ack", "link_owner_ack, 'incident-commander: `NAME`': who answers for the link, and as what")
}

func (t *tool) link(ctx context.Context, f linkFlags) error {
	events, err := f.events.recorded()
	if err != nil {
		return err
	}
	d, err := f.divergence(events)
	if err != nil {
		return err
	}
	a, err := t.open(ctx, readLog)
	if err != nil {
		return err
	}
	defer a.Close()
	link, err := linkerWith(a, events).Bind(ctx, d)
	if err != nil {
		return err
	}
	done := bound{Link: rowJSON(link.Row), Export: rowJSON(link.Export), AlreadyBound: link.AlreadyBound, link: link}
	done.saidNow = linkage.Summary(d.Deltas, d.DivergenceSummary)
	return t.screen.Show(done, done.draw)
}

func linkerWith(a *archive.Archive, events linkage.Recorded) *linkage.Linker {
	if events == nil {
		return linkage.New(a)
	}
	return linkage.New(a).WithResolver(events)
}

// divergence is what the flags say, and the events where the flags leave it to them.
func (f linkFlags) divergence(events linkage.Recorded) (linkage.Divergence, error) {
	d := linkage.Divergence{
		ExportRowID: f.row, PromotionPacketID: f.packet, ExportBatchID: f.batch,
		Clue:             linkage.Clue{DeployID: f.deploy, Artifact: f.artifact, From: f.from.Time, To: f.to.Time},
		IncidentTicketID: f.incident, RollbackEventID: f.rollback,
		DivergenceSummary: f.summary, LinkOwnerAck: linkage.Ack(f.ack),
	}
	if f.ack == (ackFlag{}) {
		return d, wrongUse("who answers for the link? Give --ack 'incident-commander: name'")
	}
	if f.incident == "" && f.rollback == "" {
		return d, wrongUse("what is to be bound? Give --incident, --rollback or both")
	}
	if !d.Clue.IsZero() && events == nil {
		return d, wrongUse("%s means an export only by the deploy tool's events: give --events FILE", d.Clue)
	}
	var err error
	if d.Deltas, err = parseDeltas(f.deltas, f.observed()); err != nil {
		return d, err
	}
	switch {
	case events != nil && (!isNamed(d) || !saysWhat(d)):
		return asSeen(d, events)
	case !isNamed(d):
		return d, wrongUse("which export? Give --row, --packet, --batch, or --events FILE of the deploy tool")
	}
	return d, nil
}

// observed is who observed the deltas, and when, if they do not say.
func (f linkFlags) observed() observation {
	o := observation{source: f.source, at: f.observedAt.Time}
	switch {
	case o.source != "":
	case f.incident != "":
		o.source = "incident " + f.incident
	default:
		o.source = "rollback " + f.rollback
	}
	if o.at.IsZero() {
		o.at = time.Now().UTC().Truncate(time.Second)
	}
	return o
}

// bound is a link, and the export it binds to.
type bound struct {
	Link         json.RawMessage `json:"link"`
	Export       json.RawMessage `json:"export"`
	AlreadyBound bool            `json:"already_bound"`

	link    linkage.Link
	saidNow string
}

func (b bound) draw(p *screen.Page) {
	l := b.link
	what := screen.Clean(join(l.IncidentTicketID, l.RollbackEventID))
	p.Good("row %s binds %s to row %s  %s", p.Bold(screen.Number(l.ExportRowID)), what, p.Bold(screen.Number(l.SubjectExportRowID)), screen.Clean(l.PromotionPacketID))
	drawExport(p, l.Export)
	drawSummary(p, l.DivergenceSummary)
	p.Fields(screen.Field{Name: "link_owner_ack", Value: l.LinkOwnerAck})
	if b.AlreadyBound {
		p.Mind("it was bound before, %s: nothing was written", moment(l.RecordedAtUTC))
	}
	if b.AlreadyBound && b.saidNow != l.DivergenceSummary {
		p.Mind("what was said then stays said; `exportctl correct %d` puts it right", l.ExportRowID)
	}
}

// drawExport says in short which export it is.
func drawExport(p *screen.Page, r exportlog.Row) {
	p.Fields(
		screen.Field{Name: "decision", Value: r.PromotionDecision + " at " + moment(r.PromotionDecisionAtUTC)},
		screen.Field{Name: "exported", Value: moment(r.ExportedAtUTC) + " by " + r.ExportOperatorAck},
		screen.Field{Name: "archive_uri", Value: r.ArchiveURI},
	)
}

// drawSummary draws a divergence_summary: its facts as a table, and what else was said.
func drawSummary(p *screen.Page, summary string) {
	deltas, said := linkage.ParseSummary(summary)
	rows := make([][]any, len(deltas))
	for i, d := range deltas {
		rows[i] = []any{d.Field, d.Recorded, d.Observed, moment(d.ObservedAtUTC), d.Source}
	}
	p.Table([]string{"field", "recorded", "observed", "when", "by"}, rows)
	p.Fields(screen.Field{Name: "summary", Value: said})
}
