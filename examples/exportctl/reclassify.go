package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/policy"
)

func (t *tool) reclassifyCommand() *cobra.Command {
	var s selectionFlags
	var with string
	c := &cobra.Command{
		Use:   "reclassify --with POLICY",
		Short: "Say which exports another policy would keep longer, and which shorter",
		Long: `Reclassify reads the packet of each export chosen, and says what another policy would make of
it. Nothing is changed: what was promised stays promised.

When to use: before a policy is changed.
Related:     extend, which lengthens what comes out longer; policy diff, for the rules`,
		Example: `  exportctl reclassify --all --with policy-2027.yaml`,
		Args:    none,
		RunE: func(c *cobra.Command, _ []string) error {
			if with == "" {
				return wrongUse("under which policy? Give --with FILE")
			}
			other, err := policy.Load(with)
			if err != nil {
				return usageError{err}
			}
			return t.reclassify(c.Context(), &s, other)
		},
	}
	s.add(c.Flags())
	c.Flags().StringVar(&with, "with", "", "the other policy's `FILE`")
	return c
}

// reclassified is what another policy makes of the exports.
type reclassified struct {
	Longer    []newTerms `json:"longer"`
	Shorter   []newTerms `json:"shorter"`
	Unchanged int        `json:"unchanged"`
}

type newTerms struct {
	ExportRowID       int64           `json:"export_row_id"`
	PromotionPacketID string          `json:"promotion_packet_id"`
	RetentionClass    retention.Class `json:"retention_class"`
	RetainUntilUTC    time.Time       `json:"retain_until_utc"`
	NewClass          retention.Class `json:"new_retention_class"`
	NewUntilUTC       time.Time       `json:"new_retain_until_utc"`
}

func (t *tool) reclassify(ctx context.Context, s *selectionFlags, other *policy.Policy) error {
	sel, err := s.selection()
	if err != nil {
		return err
	}
	a, err := t.open(ctx, readEvidence)
	if err != nil {
		return err
	}
	defer a.Close()
	x := reclassified{Longer: []newTerms{}, Shorter: []newTerms{}}
	for r, err := range a.Reclassify(ctx, sel, other) {
		if err != nil {
			return err
		}
		x.add(r)
	}
	return t.screen.Show(x, x.draw)
}

func (x *reclassified) add(r archive.Reclassified) {
	terms := newTerms{r.Row.ExportRowID, r.Row.PromotionPacketID, r.Row.RetentionClass, r.Row.RetainUntilUTC, r.Explanation.RetentionClass, r.Explanation.RetainUntilUTC}
	switch {
	case r.Longer:
		x.Longer = append(x.Longer, terms)
	case r.Shorter:
		x.Shorter = append(x.Shorter, terms)
	default:
		x.Unchanged++
	}
}

func (x reclassified) draw(p *screen.Page) {
	var cells [][]any
	for _, part := range []struct {
		what  string
		terms []newTerms
	}{{"longer", x.Longer}, {"shorter", x.Shorter}} {
		for _, n := range part.terms {
			cells = append(cells, []any{part.what, n.ExportRowID, n.PromotionPacketID, n.RetentionClass, day(n.RetainUntilUTC), n.NewClass, day(n.NewUntilUTC)})
		}
	}
	p.Table([]string{"kept", "row", "promotion_packet_id", "class", "until", "new class", "new until"}, cells)
	p.Line("%d longer, %d shorter, %d as they are", len(x.Longer), len(x.Shorter), x.Unchanged)
	if len(x.Longer) > 0 {
		p.Line("%s", p.Dim("`exportctl extend --policy FILE` lengthens what comes out longer; nothing is shortened"))
	}
}
