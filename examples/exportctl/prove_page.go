package main

import (
	"fmt"

	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
	"github.com/holdfast-archive/holdfast/exportlog"
)

func (d proven) draw(p *screen.Page) {
	for i, x := range d.Proofs {
		x.draw(p, d.proofs[i].Export, d.proofs[i].Links)
	}
	p.Gap()
	for i, x := range d.Proofs {
		x.drawVerdict(p, d.proofs[i].Export.ExportRowID)
	}
	p.Line("%s", p.Dim("to open the log took "+d.Open.String()))
	p.Line("%s", p.Dim("to prove it took     "+d.Prove.String()))
}

func (x proof) draw(p *screen.Page, export exportlog.Row, links []exportlog.Row) {
	p.Title(fmt.Sprintf("row %d  %s", export.ExportRowID, screen.Clean(export.PromotionPacketID)))
	drawExport(p, export)
	for i, s := range x.Steps {
		p.Line("%s", p.Bold(fmt.Sprintf("%d. %s", i+1, s.Name)))
		for _, c := range s.Checks {
			drawCheck(p, c)
		}
	}
	drawFindings(p, x.Findings)
	if x.Damage != "" {
		p.Mind("elsewhere in the log: %s", screen.Clean(x.Damage))
	}
	x.drawBelieved(p)
	for _, l := range links {
		p.Line("%s", p.Bold(fmt.Sprintf("bound by row %d to %s, %s", l.ExportRowID, screen.Clean(join(l.IncidentTicketID, l.RollbackEventID)), moment(l.RecordedAtUTC))))
		drawSummary(p, l.DivergenceSummary)
		p.Fields(screen.Field{Name: "link_owner_ack", Value: l.LinkOwnerAck})
	}
}

// drawVerdict says what it comes to.
func (x proof) drawVerdict(p *screen.Page, row int64) {
	if !x.Confirmed {
		p.Bad("row %d NOT proven: %s", row, screen.Count(len(x.Findings), "finding"))
		return
	}
	made := 0
	for _, s := range x.Steps {
		made += len(s.Checks)
	}
	p.Good("row %d proven, by %s", row, screen.Count(made, "check"))
}

// drawBelieved draws what the reviewers had in front of them.
func (x proof) drawBelieved(p *screen.Page) {
	if len(x.fields) == 0 {
		return
	}
	p.Line("%s", p.Bold("what the reviewers had, signed by "+screen.Clean(x.SignedBy)))
	fields := make([]screen.Field, len(x.fields))
	for i, f := range x.fields {
		fields[i] = screen.Field{Name: screen.Clean(f.Name), Value: f.Value}
	}
	p.Fields(fields...)
	for _, o := range x.Packet.Exhibits {
		p.Line("  with %s, %s", screen.Clean(o.Name), screen.Size(o.Size))
	}
}
