package main

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"os"
	"slices"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/linkage"
)

// What happened to the promote that the story is about; see testdata/events.jsonl.
const (
	theDeploy   = "dep-7501-27"
	theIncident = "INC-2888"
	theRollback = "rb-0027"
)

// diverge binds an incident to its export, knowing no more of it than the deploy.
func (s *show) diverge(ctx context.Context) error {
	s.heading("4  Purchases fail, the deploy is rolled back: which decision was that?")
	return s.as(ctx, func(a *archive.Archive) error {
		rows, err := a.Log().Find(ctx, exportlog.Query{PromotionPacketID: theOne})
		if err != nil {
			return err
		}
		events, err := s.events(rows[0].ExportedAtUTC)
		if err != nil {
			return err
		}
		happened := linkage.Recorded(func() iter.Seq2[linkage.Event, error] { return linkage.ReadEvents(bytes.NewReader(events)) })
		link, err := linkage.New(a).WithResolver(happened).Bind(ctx, linkage.Divergence{
			Clue:             linkage.Clue{DeployID: theDeploy},
			RollbackEventID:  theRollback,
			IncidentTicketID: theIncident,
			Deltas: []linkage.Delta{{Field: "purchase_success", Recorded: "98.9%", Observed: "95.5%",
				Source: "incident " + theIncident, ObservedAtUTC: time.Now()}},
			LinkOwnerAck: linkage.Ack{Role: linkage.IncidentCommander, Name: "on-call lead"},
		})
		if err != nil {
			return err
		}
		how := "are bound by"
		if link.AlreadyBound {
			how = "were bound before, by"
		}
		s.say("All that is known is deploy %s. It leads to row %d, %s: %s and %s %s row %d to the decision that authorised the risk.",
			theDeploy, link.Export.ExportRowID, link.PromotionPacketID, theRollback, theIncident, how, link.ExportRowID)
		return s.keepCheckpoint(ctx)(a)
	})
}

// rehearse runs the way from a deploy to proof against the clock.
func (s *show) rehearse(ctx context.Context) error {
	s.heading("5  Drill: from the deploy to proof, against the clock")
	return s.as(ctx, func(a *archive.Archive) error {
		drill, err := linkage.New(a).Rehearse(ctx, linkage.Drill{PromotionPacketID: theOne})
		if err != nil {
			return err
		}
		for _, step := range drill.Steps {
			s.say("%9s  %s", step.Took.Round(10*time.Microsecond), step.Name)
		}
		if !drill.WithinSLA() {
			return fmt.Errorf("the drill: %s", drill.Verdict())
		}
		s.say("%9s  in all, within the SLA of %.0f minutes", drill.Total.Round(10*time.Microsecond), drill.SLA.Minutes())
		return nil
	})
}

// lineage writes the story down.
func (s *show) lineage(ctx context.Context) error {
	s.heading("6  The whole story on one page")
	return s.as(ctx, func(a *archive.Archive) error {
		events, err := os.ReadFile(s.path("events.jsonl"))
		if err != nil {
			return err
		}
		story, err := linkage.New(a).Lineage(ctx, linkage.Story{IncidentTicketID: theIncident, Events: linkage.ReadEvents(bytes.NewReader(events))})
		if err != nil {
			return err
		}
		var html bytes.Buffer
		if err := story.WriteHTML(&html); err != nil {
			return err
		}
		page := s.path("lineage.html")
		if err := writeFile(page, html.Bytes(), 0o644); err != nil {
			return err
		}
		s.told(story)
		s.say("%d moments, %d gaps; one file, no network, no script. Open %s", len(story.Moments), len(story.Gaps), short(page))
		for _, g := range story.Gaps {
			s.say("– %s", g.Text)
		}
		return nil
	})
}

// told prints what was believed when it was signed, and what was observed.
func (s *show) told(story linkage.Lineage) {
	for _, x := range story.Exports {
		for _, b := range x.Believed {
			if slices.Contains([]string{"closure_reliability_state", "consecutive_yellow_windows", "executive_exception_rationale"}, b.Field) {
				s.say("believed  %s: %s", b.Field, b.Value)
			}
		}
		for _, o := range x.Observed {
			if o.ExportRowID != 0 {
				s.say("observed  %s: %s, where %s was recorded", o.Field, o.Observed, o.Recorded)
			}
		}
	}
}

// next names things to try.
func (s *show) next() error {
	s.heading("Your turn")
	s.say("%s", "the log, without us      cat "+short(s.file("log/commits"))+"/*/*/*/*.jsonl | jq .\n"+
		"a signature, without us  examples/auditor/README.md has four ways, openssl and cosign among them\n"+
		"a packet of your own     go run ./examples/first FOLDER, with a packet.json and exhibits/ in it\n"+
		"be the thief             change or remove anything in "+short(s.bucket())+", and run again\n"+
		"start over               rm -rf "+short(s.home))
	return nil
}
