package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
	"github.com/holdfast-archive/holdfast/retention/policy"
)

func (t *tool) policyDiffCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "diff BEFORE AFTER",
		Short: "Say what another policy would keep longer or shorter, field by field",
		Long: `Diff compares two policy files by what they do, not by their text: periods are held against
each other over the whole calendar. A file named default is the built-in policy.

The exit status is 1 if something would be kept shorter or less firmly, or might be: a pipeline
can ask for a second reviewer then.

Gotchas: a policy decides on exports to come. What is stored already is never shortened.
Related: policy compare, for given packets; extend, which lengthens what is stored`,
		Example: `  exportctl policy diff policy.yaml next.yaml
  git show main:policy.yaml > before.yaml && exportctl policy diff before.yaml policy.yaml`,
		Args: twoPolicies(2),
		RunE: func(_ *cobra.Command, paths []string) error {
			before, after, err := loadTwo(paths)
			if err != nil {
				return err
			}
			d := policyDifference(policy.Diff(before, after))
			if err := t.screen.Show(d, d.draw); err != nil {
				return err
			}
			if len(policy.Difference(d).Weakenings()) > 0 {
				return verdict{exitFindings}
			}
			return nil
		},
	}
}

func (t *tool) policyCompareCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "compare BEFORE AFTER PACKET…",
		Short: "Say which of given packets another policy would keep longer or shorter",
		Long: `Compare has two policies classify the same packets, as if they were exported now, and lists those
that would be kept differently. A file named default is the built-in policy.

The exit status is 1 if one would be kept shorter or less firmly, or might be.

Related: policy diff, which needs no packets`,
		Example: `  exportctl policy compare policy.yaml next.yaml packets/*`,
		Args:    twoPolicies(3),
		RunE: func(_ *cobra.Command, args []string) error {
			before, after, err := loadTwo(args)
			if err != nil {
				return err
			}
			packets, err := readPackets(args[2:], nil)
			if err != nil {
				return usageError{err}
			}
			all, err := policy.Compare(before, after, each(packets, archive.Packet.Facts), time.Now())
			if err != nil {
				return usageError{err}
			}
			c := comparedPackets{Packets: all}
			if err := t.screen.Show(c, c.draw); err != nil {
				return err
			}
			if all.Count(policy.Weaker)+all.Count(policy.Unclear) > 0 {
				return verdict{exitFindings}
			}
			return nil
		},
	}
}

// twoPolicies asks for two policies, and for packets if there are to be more arguments.
func twoPolicies(least int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch {
		case len(args) < 2, least == 2 && len(args) > 2:
			return wrongUse("%s needs two policy files, that before and that after, and was given %d", c.CommandPath(), len(args))
		case len(args) < least:
			return wrongUse("%s needs packets to compare, after the two policies", c.CommandPath())
		}
		return nil
	}
}

type policyDifference policy.Difference

func (d policyDifference) draw(p *screen.Page) {
	if len(d.Changes) == 0 {
		p.Good("no difference")
		return
	}
	for _, c := range d.Changes {
		drawDirection(p, c.Direction, screen.Clean(c.Text))
	}
}

type comparedPackets struct {
	Packets policy.Comparisons `json:"packets"`
}

func (c comparedPackets) draw(p *screen.Page) {
	for _, x := range c.Packets {
		if x.Direction != policy.Neutral {
			drawDirection(p, x.Direction, screen.Clean(x.PromotionPacketID)+": "+inShort(x.Old)+" → "+inShort(x.New))
		}
	}
	p.Line("%d packets: %d stronger, %d weaker, %d unclear, %d the same", len(c.Packets), c.Packets.Count(policy.Stronger),
		c.Packets.Count(policy.Weaker), c.Packets.Count(policy.Unclear), c.Packets.Count(policy.Neutral))
}

func inShort(e policy.Explanation) string {
	if e.Requirement == "" || e.Requirement == policy.None {
		return "not exported"
	}
	return string(e.Requirement) + ", " + string(e.RetentionClass) + " until " + day(e.RetainUntilUTC) + ", " + string(e.Mode)
}

func drawDirection(p *screen.Page, d policy.Direction, text string) {
	switch d {
	case policy.Stronger:
		p.Good("stronger  %s", text)
	case policy.Weaker:
		p.Bad("weaker    %s", text)
	case policy.Unclear:
		p.Mind("unclear   %s", text)
	default:
		p.Line("  neutral   %s", text)
	}
}
