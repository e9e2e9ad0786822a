package archive

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"time"
	"unicode/utf8"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention"
)

// Decision is a promotion decision that was really taken, as a register or a deploy
// tool knows it.
type Decision struct {
	PromotionPacketID      string          // required
	PromotionDecision      string          // empty if none has been taken yet
	PromotionDecisionAtUTC time.Time       // required if one has
	RetentionClass         retention.Class // optional; how much time the export has, before there is a row that says
}

// MaxDecisionIDBytes bounds each of the ids of a decision or an incident, and the name
// of a decision.
const MaxDecisionIDBytes = 1 << 10

// check returns what is wrong with a decision as a PacketError for each field.
func (d Decision) check(source string) error {
	wrong := func(field string, err error) error {
		return &PacketError{PromotionPacketID: d.PromotionPacketID, Source: source, Field: field, Err: err}
	}
	var problems []error
	if d.PromotionPacketID == "" {
		problems = append(problems, wrong("promotion_packet_id", ErrMissing))
	}
	if err := checkID(d.PromotionPacketID); err != nil {
		problems = append(problems, wrong("promotion_packet_id", err))
	}
	if err := checkID(d.PromotionDecision); err != nil {
		problems = append(problems, wrong("promotion_decision", err))
	}
	if d.PromotionDecision != "" && d.PromotionDecisionAtUTC.IsZero() {
		problems = append(problems, wrong("promotion_decision_at_utc", fmt.Errorf("%w: when was %.80q decided?", ErrMissing, d.PromotionDecision)))
	}
	if y := d.PromotionDecisionAtUTC.Year(); y < 1 || y > 9999 {
		problems = append(problems, wrong("promotion_decision_at_utc", fmt.Errorf("%w: the year %d; RFC 3339 goes from 1 to 9999", ErrMalformed, y)))
	}
	if d.RetentionClass != "" {
		if _, err := retention.ParseClass(string(d.RetentionClass)); err != nil {
			problems = append(problems, wrong("retention_class", fmt.Errorf("%w: %w", ErrMalformed, err)))
		}
	}
	return errors.Join(problems...)
}

func checkID(s string) error {
	if len(s) > MaxDecisionIDBytes {
		return fmt.Errorf("%w: it takes %d bytes, the limit is %d", ErrTooLarge, len(s), MaxDecisionIDBytes)
	}
	if !utf8.ValidString(s) {
		return fmt.Errorf("%w: %.80q is not UTF-8", ErrMalformed, s)
	}
	return nil
}

// standing is what one side says of a packet: a decision as it was given, or an export
// row.
type standing struct {
	ID            string // promotion_packet_id
	Decision      string
	At            time.Time // of the decision
	Class         retention.Class
	Row           int64 // 0 of a decision that was given
	Exported      time.Time
	Recorded      time.Time
	Reconstructed bool
}

func standingOf(r exportlog.Row) standing {
	s := standing{
		ID: r.PromotionPacketID, Decision: r.PromotionDecision, At: r.PromotionDecisionAtUTC, Class: r.RetentionClass, Row: r.ExportRowID,
		Exported: r.ExportedAtUTC, Recorded: r.RecordedAtUTC, Reconstructed: r.ReconstructedBy != "",
	}
	if s.Exported.IsZero() {
		s.Exported = s.Recorded
	}
	return s
}

// compare puts a packet's decisions in the order they were taken, and behind each the
// rows that have it, in the order they were completed.
func (s standing) compare(other standing) int {
	return cmp.Or(s.compareDecision(other), cmp.Compare(min(s.Row, 1), min(other.Row, 1)), s.complete().Compare(other.complete()), cmp.Compare(s.Row, other.Row))
}

// compareDecision is 0 for the same decision on the same packet.
func (s standing) compareDecision(other standing) int {
	return cmp.Or(cmp.Compare(s.ID, other.ID), s.At.Compare(other.At), cmp.Compare(s.Decision, other.Decision))
}

// complete is when an export was complete.
func (s standing) complete() time.Time {
	if s.Recorded.After(s.Exported) {
		return s.Recorded
	}
	return s.Exported
}

// when is what places an export in the window.
func (s standing) when() time.Time {
	if s.At.IsZero() {
		return s.Exported
	}
	return s.At
}

func (c *comparison) readDecisions(decisions iter.Seq2[Decision, error]) error {
	n := 0
	for d, err := range decisions {
		if n++; err == nil {
			err = d.check(fmt.Sprintf("decision %d", n))
		}
		if err != nil {
			return err
		}
		s := standing{ID: d.PromotionPacketID, Decision: d.PromotionDecision, At: d.PromotionDecisionAtUTC.UTC(), Class: d.RetentionClass}
		if s.Decision == "" {
			s.At = time.Time{}
		}
		if err := c.standings.put(s); err != nil {
			return err
		}
	}
	return nil
}
