package main

import (
	"fmt"

	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
	"github.com/holdfast-archive/holdfast/linkage"
)

func drawLineage(p *screen.Page, l linkage.Lineage) {
	p.Title(fmt.Sprintf("%s %s", l.Of, screen.Clean(l.ID)))
	rows := make([][]any, len(l.Moments))
	for i, m := range l.Moments {
		row := ""
		if m.ExportRowID > 0 {
			row = screen.Number(m.ExportRowID)
		}
		rows[i] = []any{moment(m.AtUTC), m.Source, row, m.Title, m.By}
	}
	p.Table([]string{"when", "from", "row", "what", "who"}, rows)
	for _, x := range l.Exports {
		drawTold(p, x)
	}
	if l.Figures != nil {
		p.Title("figures")
		drawFigures(p, *l.Figures)
	}
	if len(l.Gaps) > 0 {
		p.Gap()
	}
	drawGaps(p, l.Gaps)
	if l.Damage != "" {
		p.Bad("the log is damaged: %s", screen.Clean(l.Damage))
	}
	if !l.WithEvents {
		p.Gap()
		p.Line("%s", p.Dim("what production saw is not told: --events FILE"))
	}
}

// drawTold draws what was believed of an export beside what was observed.
func drawTold(p *screen.Page, x linkage.Export) {
	p.Title(fmt.Sprintf("row %d  %s", x.ExportRowID, screen.Clean(x.PromotionPacketID)))
	p.Fields(
		screen.Field{Name: "decision", Value: x.PromotionDecision + " at " + moment(x.PromotionDecisionAtUTC)},
		screen.Field{Name: "kept as", Value: x.RetentionClass + " until " + day(x.RetainUntilUTC)},
		screen.Field{Name: "signed by", Value: x.SignedBy},
		screen.Field{Name: "not verified", Value: x.Unverified},
	)
	rows := make([][]any, len(x.Observed))
	for i, o := range x.Observed {
		rows[i] = []any{o.Field, o.Recorded, o.Signed, o.Observed, moment(o.ObservedAtUTC), o.Source}
	}
	p.Table([]string{"field", "recorded", "signed", "observed", "when", "by"}, rows)
	for _, s := range x.Said {
		p.Line("  row %d: %s  %s", s.ExportRowID, screen.Clean(s.Text), p.Dim(screen.Clean(s.By)))
	}
}

func drawGaps(p *screen.Page, gaps []linkage.Gap) {
	for _, g := range gaps {
		p.Mind("%s  %s", screen.Clean(g.Text), p.Dim(string(g.Kind)))
	}
}
