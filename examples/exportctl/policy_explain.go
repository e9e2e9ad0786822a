package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
	"github.com/holdfast-archive/holdfast/retention/policy"
)

func (t *tool) policyExplainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain PACKET…",
		Short: "Say what the policy makes of packets: class, rules, until when, or why not",
		Long: `Explain says for each packet, a folder, a JSON file or a CSV file as export takes them, whether
it would be exported now, in which class and for how long, and which rules say so.

The exit status is 2 if one would be refused.

Gotchas: a rule that cannot be evaluated, because a packet lacks a field, counts as one that
holds, and says so.
Related: export --dry-run, which looks at the bucket and the cost too; policy compare`,
		Example: `  exportctl policy explain packets/pp-20260804-ECONOMY-0001
  exportctl policy explain --policy next.yaml --json packets/* | jq '.packets[] | {promotion_packet_id, retention_class}'`,
		Args: atLeastOne("packets to explain"),
		RunE: func(_ *cobra.Command, paths []string) error {
			p, err := t.loadPolicy()
			if err != nil {
				return err
			}
			packets, err := readPackets(paths, nil)
			if err != nil {
				return usageError{err}
			}
			all := explained{Packets: []explainedPacket{}}
			for _, packet := range packets {
				all.Packets = append(all.Packets, explain(p, packet, time.Now()))
			}
			if err := t.screen.Show(all, all.draw); err != nil {
				return err
			}
			if all.refused() {
				return verdict{exitWrongUse}
			}
			return nil
		},
	}
}

type explained struct {
	Packets []explainedPacket `json:"packets"`
}

// explainedPacket is what becomes of a packet that is exported now.
type explainedPacket struct {
	PromotionPacketID string `json:"promotion_packet_id"`
	PromotionDecision string `json:"promotion_decision"`
	Refused           string `json:"refused,omitempty"` // why it would not be exported
	policy.Explanation
}

func explain(p *policy.Policy, packet archive.Packet, at time.Time) explainedPacket {
	h := packet.Header
	x := explainedPacket{PromotionPacketID: h.PromotionPacketID, PromotionDecision: h.PromotionDecision}
	var err error
	if x.Explanation, err = p.Explain(packet.Facts(), at); err != nil {
		x.Refused = err.Error()
		return x
	}
	switch {
	case h.PromotionPacketID == "":
		x.Refused = "it has no promotion_packet_id"
	case h.PromotionDecision == "":
		x.Refused = "no decision has been taken"
	case x.Requirement == "":
		x.Refused = fmt.Sprintf("the policy does not know the decision %q: list it under decisions, or spell it as there", h.PromotionDecision)
	case x.Requirement == policy.None:
		x.Refused = fmt.Sprintf("the policy does not export the decision %q", h.PromotionDecision)
	case h.PromotionDecisionAtUTC.IsZero():
		x.Refused = "it has no promotion_decision_at_utc"
	case h.PromotionDecisionAtUTC.After(at.Add(p.ClockSkew())):
		x.Refused = "promotion_decision_at_utc, " + moment(h.PromotionDecisionAtUTC) + ", is in the future"
	}
	return x
}

func (e explained) refused() bool {
	for _, x := range e.Packets {
		if x.Refused != "" {
			return true
		}
	}
	return false
}

func (e explained) draw(p *screen.Page) {
	for _, x := range e.Packets {
		x.draw(p)
	}
}

func (x explainedPacket) draw(p *screen.Page) {
	p.Title(screen.Clean(x.PromotionPacketID))
	if x.Refused != "" {
		p.Bad("would be refused: %s", screen.Clean(x.Refused))
		return
	}
	hold := ""
	if x.LegalHold {
		hold = ", and under legal hold"
	}
	p.Good("%s: %s, kept until %s, %s%s", x.Requirement, x.RetentionClass, day(x.RetainUntilUTC), x.Mode, hold)
	for _, reason := range x.Reasons() {
		p.Line("  because %s", screen.Clean(reason))
	}
	if x.MaximumDelay > 0 {
		p.Line("  to be exported within %s of the decision", x.MaximumDelay.Words())
	}
}
