package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
	"github.com/holdfast-archive/holdfast/linkage"
)

// choices are what --choose takes.
var choices = map[string]linkage.Choice{"": "", "random": linkage.Random, "oldest-regulated": linkage.OldestRegulated}

type rehearseFlags struct {
	packet string
	row    int64
	choose string
	seed   uint64
	sla    time.Duration
	record bool
	ack    ackFlag
}

func (t *tool) rehearseCommand() *cobra.Command {
	var f rehearseFlags
	c := &cobra.Command{
		Use:   "rehearse",
		Short: "Run the way from an incident to the evidence against the clock",
		Long: `Rehearse supposes that a promotion of the past went wrong, and does what somebody on call
would: locates the export, retrieves it, confirms it, and binds it to a mock incident in a
scratch log. It prints how long each step took, and what to change where the SLA was missed.

The bucket is only read, unless --record has the drill written down.

When to use: from a schedule, before an incident does it for you.
Gotchas:     slower than the SLA is exit status 3; a step that fails, that of its error.
Related:     prove, which does it for a real one`,
		Example: `  exportctl rehearse
  exportctl rehearse --choose oldest-regulated --sla 5m --record --ack 'release-ops: on-call lead'
  exportctl rehearse --packet pp-20260811-PAYMENTS-0027 --json | jq .total_ms`,
		Args: none,
		RunE: func(c *cobra.Command, _ []string) error { return t.rehearse(c.Context(), f) },
	}
	flags := c.Flags()
	flags.StringVar(&f.packet, "packet", "", "rehearse with this `promotion_packet_id`")
	flags.Int64Var(&f.row, "row", 0, "rehearse with this `export_row_id`")
	flags.StringVar(&f.choose, "choose", "", "or have one chosen, `WHICH`: random (what else is said is nothing), or oldest-regulated")
	flags.Uint64Var(&f.seed, "seed", 0, "of random: the same `NUMBER` over the same log chooses the same")
	flags.DurationVar(&f.sla, "sla", linkage.DefaultSLA, "how long it may take, a `SPAN` as 15m")
	flags.BoolVar(&f.record, "record", false, "append a row that says how it went, with --ack")
	flags.Var(&f.ack, "ack", "who answers for the drill, with --record: 'release-ops: `NAME`'")
	c.MarkFlagsMutuallyExclusive("choose", "packet")
	c.MarkFlagsMutuallyExclusive("choose", "row")
	return c
}

func (t *tool) rehearse(ctx context.Context, f rehearseFlags) error {
	choice, known := choices[f.choose]
	switch {
	case !known:
		return wrongUse("--choose takes random or oldest-regulated, and not %q", f.choose)
	case f.sla <= 0:
		return wrongUse("--sla %v: nothing is that fast", f.sla)
	case f.record && f.ack == (ackFlag{}):
		return wrongUse("--record is somebody's word: give --ack 'release-ops: name'")
	}
	a, err := t.open(ctx, readEvidence)
	if err != nil {
		return err
	}
	defer a.Close()
	r, err := linkage.New(a).Rehearse(ctx, linkage.Drill{
		PromotionPacketID: f.packet, ExportRowID: f.row, Choose: choice, Seed: f.seed,
		SLA: f.sla, Record: f.record, By: linkage.Ack(f.ack),
	})
	if err != nil && r.DrillID == "" {
		return err
	}
	if shown := t.showRehearsal(r); shown != nil {
		return shown
	}
	if err == nil && !r.WithinSLA() {
		return verdict{exitLate}
	}
	return err
}

func (t *tool) showRehearsal(r linkage.Rehearsal) error {
	report, err := reportOf(r)
	if err != nil {
		return err
	}
	return t.screen.Show(report, func(p *screen.Page) { drawRehearsal(p, r) })
}

// reportOf is the report for programs, without an exit_status that is not ours.
func reportOf(r linkage.Rehearsal) (map[string]any, error) {
	b, err := r.JSON()
	if err != nil {
		return nil, err
	}
	var report map[string]any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber() // a seed has 64 bits
	if err := d.Decode(&report); err != nil {
		return nil, err
	}
	delete(report, "exit_status")
	return report, nil
}

func drawRehearsal(p *screen.Page, r linkage.Rehearsal) {
	mark := p.Good
	switch {
	case r.Failed != "":
		mark = p.Bad
	case !r.WithinSLA():
		mark = p.Mind
	}
	mark("%s", screen.Clean(r.Verdict()))
	for _, fix := range r.Fixes() {
		p.Line("  → %s", screen.Clean(fix))
	}
	p.Fields(
		screen.Field{Name: "drill", Value: r.DrillID + ": nothing was deployed, and nothing went wrong"},
		screen.Field{Name: "promotion", Value: fmt.Sprintf("row %d  %s", r.Export.ExportRowID, r.Export.PromotionPacketID)},
		screen.Field{Name: "chosen", Value: chosen(r)},
	)
	p.Gap()
	rows := make([][]any, 0, len(r.Steps)+1)
	for _, s := range r.Steps {
		rows = append(rows, []any{s.Name, short(s.Took), s.RoundTrips, short(s.Latency()), s.Bytes, s.Detail})
	}
	p.Table([]string{"step", "took", "round trips", "each", "bytes", "found"}, append(rows, []any{"all", short(r.Total) + " of " + r.SLA.String(), r.RoundTrips, "", "", ""}))
	for _, c := range r.Checks {
		drawCheck(p, checked(c))
	}
	if r.Recorded != 0 {
		p.Good("row %d records the drill", r.Recorded)
	}
}

func chosen(r linkage.Rehearsal) string {
	if r.Chosen == linkage.Random {
		return fmt.Sprintf("%s, --seed %d chooses it again", r.Chosen, r.Seed)
	}
	return string(r.Chosen)
}

// short is a time as people read it.
func short(d time.Duration) string {
	if d >= time.Second {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(10 * time.Microsecond).String()
}
