package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
	"github.com/holdfast-archive/holdfast/retention/policy"
)

// spoolTimeout is how long an export is tried that may wait in the spool instead.
const spoolTimeout = 30 * time.Second

type exportFlags struct {
	exhibits          []string
	dryRun            bool
	prices            string
	skipRefused       bool
	reconstructedBy   string
	reconstructedFrom string
}

func (t *tool) exportCommand() *cobra.Command {
	var f exportFlags
	c := &cobra.Command{
		Use:   "export PACKET...",
		Short: "Archive decision packets, and print their rows",
		Long: `Export stores each packet with its exhibits, locked for as long as the policy says, signs a
manifest over all of them, and appends a row for each to the log.

A PACKET is a folder with a packet.json and perhaps a folder exhibits, a JSON file, or a CSV
file with a packet in each row. The same packet exported again, by anybody, gives the same
row: after an error, run the same command again.

When to use: after the decision, before the release is called done.
Gotchas:     what is locked stays, so look at it first with --dry-run. Killed while it uploads a
             large exhibit to S3, it leaves parts: the bucket's set-up that policy render makes
             has the rule that removes them. Ctrl-C takes them back.
Related:     pending, flush, coverage, policy explain`,
		Example: `  exportctl export --dry-run packets/pp-20260811-payments-0027
  exportctl export packets/pp-20260811-payments-0027
  exportctl export decision.json --exhibit scorecard.pdf --json | jq .receipts[0].export_row_id
  exportctl export register.csv --skip-refused`,
		Args: atLeastOne("a packet"),
		RunE: func(c *cobra.Command, args []string) error { return t.export(c.Context(), args, f) },
	}
	c.Flags().StringSliceVar(&f.exhibits, "exhibit", nil, "a `FILE` that goes with the packet (with one PACKET only)")
	c.Flags().BoolVar(&f.dryRun, "dry-run", false, "say what it would come to, and what it would cost; write nothing")
	c.Flags().StringVar(&f.prices, "prices", "", "a price table, a `FILE` of JSON, for --dry-run (default: round example figures)")
	c.Flags().BoolVar(&f.skipRefused, "skip-refused", false, "leave out what is not decided, or not exported by policy, and say so")
	c.Flags().StringVar(&f.reconstructedBy, "reconstructed-by", "", "`ROLE/NAME` of who put an old packet together after the fact")
	c.Flags().StringVar(&f.reconstructedFrom, "reconstructed-from", "", "from `WHAT`, such as a deploy log")
	c.MarkFlagsRequiredTogether("reconstructed-by", "reconstructed-from")
	return c
}

func (t *tool) export(ctx context.Context, paths []string, f exportFlags) error {
	packets, err := readPackets(paths, f.exhibits)
	if err != nil {
		return usageError{err}
	}
	if f.reconstructedBy != "" {
		for i, p := range packets {
			packets[i] = p.Reconstructed(f.reconstructedBy, f.reconstructedFrom)
		}
	}
	if f.dryRun {
		return t.estimate(ctx, packets, f)
	}
	a, err := t.openExporting(ctx)
	if err != nil {
		return err
	}
	defer a.Close()
	done, err := t.exportAll(ctx, a, packets, f.skipRefused)
	err = stopped(err, "Run the same command again: what is stored is found, an exhibit that was on its way is sent anew, and each packet gets one row.")
	if err != nil && len(done.Receipts)+len(done.Pending) == 0 {
		return err
	}
	if shown := t.screen.Show(done, done.draw); shown != nil {
		return shown
	}
	return err
}

// openExporting opens the archive to export to it: with a spool, whether or not the bucket
// answers.
func (t *tool) openExporting(ctx context.Context) (*archive.Archive, error) {
	if t.shared.spool == "" {
		return t.open(ctx, signing)
	}
	cfg, err := t.config(ctx, spooling)
	if err != nil {
		return nil, err
	}
	return archive.Open(ctx, t.shared.bucket, cfg)
}

// exported is what became of the packets of an export.
type exported struct {
	Receipts []receipt         `json:"receipts"`
	Refused  []refusal         `json:"refused,omitempty"`
	Pending  []archive.Pending `json:"pending,omitempty"`
}

type refusal struct {
	PromotionPacketID string `json:"promotion_packet_id"`
	Reason            string `json:"reason"`
}

func (t *tool) exportAll(ctx context.Context, a *archive.Archive, packets []archive.Packet, skipRefused bool) (exported, error) {
	var done exported
	if skipRefused {
		packets, done.Refused = admitted(a, packets)
	}
	bar := t.screen.Progress("exporting", 0, screen.Bytes)
	defer bar.Close()
	for i, p := range packets {
		packets[i].Exhibits = watched(p.Exhibits, bar)
	}
	ctx, cancel := t.spoolingSoon(ctx)
	defer cancel()
	receipts, err := a.ExportBatch(ctx, packets)
	for _, r := range receipts {
		if r.ExportRowID > 0 {
			done.Receipts = append(done.Receipts, receipt(r))
		}
	}
	var pending *archive.PendingError
	if errors.As(err, &pending) {
		done.Pending = pending.Pending
	}
	return done, err
}

// admitted sorts out the packets that the policy does not export, and those whose
// decision has not been taken yet. What is wrong in any other way is for Export to refuse.
func admitted(a *archive.Archive, packets []archive.Packet) (good []archive.Packet, refused []refusal) {
	for _, p := range packets {
		id, decision := p.Header.PromotionPacketID, p.Header.PromotionDecision
		requirement, _ := a.Policy().Requirement(decision)
		switch {
		case decision == "":
			refused = append(refused, refusal{id, "its decision has not been taken"})
		case requirement == policy.None:
			refused = append(refused, refusal{id, fmt.Sprintf("the policy does not export %q", decision)})
		default:
			good = append(good, p)
		}
	}
	return good, refused
}

// spoolingSoon bounds what a spool makes needless to wait for.
func (t *tool) spoolingSoon(ctx context.Context) (context.Context, context.CancelFunc) {
	if t.shared.spool != "" && t.shared.timeout == 0 {
		return context.WithTimeout(ctx, spoolTimeout)
	}
	return context.WithCancel(ctx)
}

func (d exported) draw(p *screen.Page) {
	for _, r := range d.Receipts {
		p.Good("row %s  %s  %s", p.Bold(screen.Number(r.ExportRowID)), screen.Clean(r.PromotionPacketID), p.Dim(stateOf(r)))
		p.Fields(
			screen.Field{Name: "kept as", Value: string(r.RetentionClass) + " until " + day(r.RetainUntilUTC)},
			screen.Field{Name: "archive_uri", Value: r.ArchiveURI},
			screen.Field{Name: "export_batch_id", Value: r.ExportBatchID},
		)
	}
	for _, r := range d.Refused {
		p.Mind("left out  %s  %s", screen.Clean(r.PromotionPacketID), p.Dim(r.Reason))
	}
	for _, w := range d.Pending {
		p.Mind("NOT exported, waits in the spool  %s  %s", screen.Clean(w.PromotionPacketID), p.Dim(w.Entry))
	}
	d.drawSum(p)
}

func stateOf(r receipt) string {
	if r.AlreadyExported {
		return "exported before"
	}
	return "exported"
}

// drawSum adds up what became of several packets.
func (d exported) drawSum(p *screen.Page) {
	if len(d.Receipts)+len(d.Refused)+len(d.Pending) < 2 {
		return
	}
	before := 0
	for _, r := range d.Receipts {
		if r.AlreadyExported {
			before++
		}
	}
	var sum []string
	for _, part := range []struct {
		n   int
		did string
	}{
		{len(d.Receipts) - before, "exported"}, {before, "exported before"}, {len(d.Refused), "left out"}, {len(d.Pending), "NOT exported, waiting in the spool"},
	} {
		if part.n > 0 {
			sum = append(sum, screen.Number(int64(part.n))+" "+part.did)
		}
	}
	p.Gap()
	p.Line("%s", strings.Join(sum, ", "))
}
