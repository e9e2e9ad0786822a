package main

import (
	"context"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/holdfast-archive/holdfast/archive/spool"
	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
)

func (t *tool) pendingCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "pending",
		Short: "List the packets that wait in the spool, and are NOT exported",
		Long: `Pending lists what exports left in the --spool while the bucket or the key could not be
reached, in the order of the decisions. It needs neither bucket nor key. Exit status 5 says
that something waits.

Related: flush`,
		Example: `  exportctl pending --spool /var/spool/holdfast`,
		Args:    none,
		RunE:    func(c *cobra.Command, _ []string) error { return t.pending(c.Context()) },
	}
}

// waiting is a spool.Entry in JSON.
type waiting struct {
	PromotionPacketID      string    `json:"promotion_packet_id"`
	PromotionDecisionAtUTC time.Time `json:"promotion_decision_at_utc"`
	ExportOperatorAck      string    `json:"export_operator_ack"`
	Entry                  string    `json:"entry"`
	Bytes                  int64     `json:"bytes"`
	SpooledAtUTC           time.Time `json:"spooled_at_utc"`
}

type pendingPackets struct {
	Pending []waiting `json:"pending"`
}

func (t *tool) pending(ctx context.Context) error {
	dir := t.shared.spool
	if dir == "" {
		return wrongUse("which spool? Give --spool DIR, or set %s", variable("spool"))
	}
	if _, err := os.Stat(dir); err != nil { // to look makes no spool
		return err
	}
	s, err := spool.Open(dir, spool.Limits{})
	if err != nil {
		return err
	}
	defer s.Close()
	entries, err := s.Entries(ctx)
	x := pendingPackets{Pending: []waiting{}}
	for _, e := range entries {
		x.Pending = append(x.Pending, waiting{e.PromotionPacketID, e.PromotionDecisionAtUTC, e.ExportOperatorAck, e.Name, e.Bytes, e.SpooledAt.UTC()})
	}
	if shown := t.screen.Show(x, x.draw); shown != nil {
		return shown
	}
	if err == nil && len(entries) > 0 {
		return verdict{exitPending}
	}
	return err
}

func (x pendingPackets) draw(p *screen.Page) {
	cells := make([][]any, len(x.Pending))
	for i, w := range x.Pending {
		cells[i] = []any{w.PromotionPacketID, moment(w.PromotionDecisionAtUTC), moment(w.SpooledAtUTC), screen.Size(w.Bytes), w.ExportOperatorAck}
	}
	p.Table([]string{"promotion_packet_id", "decided", "waits since", "size", "who"}, cells)
	if len(x.Pending) == 0 {
		p.Good("nothing waits")
		return
	}
	p.Mind("%s, NOT exported: `exportctl flush` when the bucket and the key can be reached", screen.Count(len(x.Pending), "packet"))
}

func (t *tool) flushCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "flush",
		Short: "Export what waits in the spool, in the order of the decisions",
		Long: `Flush exports the packets in the --spool, each once, and prints their rows. What was late is
shown as late. It can be interrupted at any point: the same command again goes on.

When to use: when the bucket and the key can be reached again, and from cron.
Related:     pending, export`,
		Example: `  exportctl flush --spool /var/spool/holdfast`,
		Args:    none,
		RunE: func(c *cobra.Command, _ []string) error {
			if t.shared.spool == "" {
				return wrongUse("which spool? Give --spool DIR, or set %s", variable("spool"))
			}
			return t.flush(c.Context())
		},
	}
}

func (t *tool) flush(ctx context.Context) error {
	a, err := t.open(ctx, signing)
	if err != nil {
		return err
	}
	defer a.Close()
	receipts, err := a.Flush(ctx)
	done := exported{Receipts: []receipt{}}
	for _, r := range receipts {
		done.Receipts = append(done.Receipts, receipt(r))
	}
	if err != nil && len(receipts) == 0 {
		return err
	}
	shown := t.screen.Show(done, func(p *screen.Page) {
		if done.draw(p); len(receipts) == 0 {
			p.Good("nothing waits")
		}
	})
	if shown != nil {
		return shown
	}
	return err
}
