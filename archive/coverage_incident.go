package archive

import (
	"cmp"
	"fmt"
	"iter"
	"time"

	"github.com/holdfast-archive/holdfast/exportlog"
)

// Incident is an incident or a rollback that really happened. It has an
// IncidentTicketID or a RollbackEventID; one that has both is looked for under each.
type Incident struct {
	IncidentTicketID  string
	RollbackEventID   string
	PromotionPacketID string    // that went wrong; empty if that is not known
	AtUTC             time.Time // when; zero if that is not known, and then it is judged whatever the window
}

func (i Incident) check(source string) error {
	if i.IncidentTicketID == "" && i.RollbackEventID == "" {
		return &PacketError{PromotionPacketID: i.PromotionPacketID, Source: source, Field: "incident_ticket_id",
			Err: fmt.Errorf("%w: an incident has an incident_ticket_id or a rollback_event_id", ErrMissing)}
	}
	for _, f := range []struct{ name, value string }{
		{"incident_ticket_id", i.IncidentTicketID}, {"rollback_event_id", i.RollbackEventID}, {"promotion_packet_id", i.PromotionPacketID},
	} {
		if err := checkID(f.value); err != nil {
			return &PacketError{PromotionPacketID: i.PromotionPacketID, Source: source, Field: f.name, Err: err}
		}
	}
	return nil
}

// mention is what one side says of an incident or a rollback: that it happened, or that
// a row binds it to a packet.
type mention struct {
	Rollback bool   // ID is a rollback_event_id, or else an incident_ticket_id
	ID       string //
	Packet   string // empty: any
	Row      int64  // 0 of an incident that was given
}

// compare puts links before the incident they bind.
func (m mention) compare(other mention) int {
	if m.Rollback != other.Rollback {
		if m.Rollback {
			return 1
		}
		return -1
	}
	return cmp.Or(cmp.Compare(m.ID, other.ID), cmp.Compare(m.Packet, other.Packet), -cmp.Compare(min(m.Row, 1), min(other.Row, 1)), cmp.Compare(m.Row, other.Row))
}

// same reports whether two are of the same incident on the same packet.
func (m mention) same(other mention) bool {
	return m.Rollback == other.Rollback && m.ID == other.ID && m.Packet == other.Packet
}

func (c *comparison) readIncidents(incidents iter.Seq2[Incident, error]) error {
	if incidents == nil {
		return nil
	}
	n := 0
	for i, err := range incidents {
		if n++; err == nil {
			err = i.check(fmt.Sprintf("incident %d", n))
		}
		if err != nil {
			return err
		}
		if !i.AtUTC.IsZero() && !c.inWindow(i.AtUTC) {
			continue
		}
		for _, m := range mentions(i.IncidentTicketID, i.RollbackEventID) {
			m.Packet = i.PromotionPacketID
			if err := c.mentions.put(m); err != nil {
				return err
			}
		}
	}
	return nil
}

// readLink takes what a row binds. It is told twice: of its packet, and of any packet,
// which comes first in order.
func (c *comparison) readLink(r exportlog.Row) error {
	for _, m := range mentions(r.IncidentTicketID, r.RollbackEventID) {
		m.Row = r.ExportRowID
		for _, packet := range []string{"", r.PromotionPacketID} {
			m.Packet = packet
			if err := c.mentions.put(m); err != nil {
				return err
			}
		}
	}
	return nil
}

func mentions(ticket, rollback string) []mention {
	var all []mention
	if ticket != "" {
		all = append(all, mention{ID: ticket})
	}
	if rollback != "" {
		all = append(all, mention{ID: rollback, Rollback: true})
	}
	return all
}

// compareIncidents looks for each incident's link.
func (c *comparison) compareIncidents() error {
	var last, link, anywhere mention // the last link on any packet, and on some packet
	for m, err := range c.mentions.sorted() {
		if err != nil {
			return err
		}
		again := m.same(last) && last.Row == 0 && last.ID != ""
		last = m
		switch {
		case m.Row > 0:
			link = m
			if m.Packet == "" {
				anywhere = m
			}
			continue
		case again:
			continue
		}
		c.summary.Incidents++
		if link.Row > 0 && m.same(link) {
			c.summary.Linked++
			continue
		}
		if err := c.unlinked(m, anywhere); err != nil {
			return err
		}
	}
	return nil
}

func (c *comparison) unlinked(m, anywhere mention) error {
	f := CoverageFinding{Kind: CoverageUnlinked, PromotionPacketID: m.Packet, IncidentTicketID: m.ID}
	if m.Rollback {
		f.IncidentTicketID, f.RollbackEventID = "", m.ID
	}
	if anywhere.ID == m.ID && anywhere.Rollback == m.Rollback {
		f.ExportRowID = anywhere.Row
		return c.find(f, "it is bound to another packet, by row %d, and not to this one: bind it to the export that it calls into question", anywhere.Row)
	}
	return c.find(f, "no row binds it: bind it to the export that it calls into question")
}
