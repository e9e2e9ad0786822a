package policy

import (
	"fmt"
	"strings"
	"time"
)

// Comparison is what two policies make of one packet.
type Comparison struct {
	PromotionPacketID string      `json:"promotion_packet_id"`
	Old               Explanation `json:"old"`
	New               Explanation `json:"new"`
	Direction         Direction   `json:"direction"`
}

// Comparisons are those of several packets.
type Comparisons []Comparison

// Compare says what each of two policies makes of packets that are exported at a
// time: which is kept longer, and which shorter. Facts that name an unknown class
// are an error.
func Compare(before, after *Policy, facts []Facts, at time.Time) (Comparisons, error) {
	all := make(Comparisons, 0, len(facts))
	for _, f := range facts {
		c := Comparison{PromotionPacketID: f.PromotionPacketID}
		var err error
		if c.Old, err = before.Explain(f, at); err != nil {
			return nil, fmt.Errorf("policy: compare: packet %.100q: %w", f.PromotionPacketID, err)
		}
		if c.New, err = after.Explain(f, at); err != nil {
			return nil, fmt.Errorf("policy: compare: packet %.100q: %w", f.PromotionPacketID, err)
		}
		c.Direction = c.direction()
		all = append(all, c)
	}
	return all, nil
}

// direction compares the locks, and whether the packet is exported at all. What
// neither policy would export is kept by neither.
func (c Comparison) direction() Direction {
	was, is := demand(c.Old.Requirement), demand(c.New.Requirement)
	if was == 0 || is == 0 {
		return toward(is - was)
	}
	old, new := c.Old.Lock(), c.New.Lock()
	lock := Unclear
	switch stronger, weaker := new.Covers(old), old.Covers(new); {
	case stronger && weaker:
		lock = Neutral
	case stronger:
		lock = Stronger
	case weaker:
		lock = Weaker
	}
	return both(lock, toward(is-was))
}

// String returns the comparison as one line.
func (c Comparison) String() string {
	return fmt.Sprintf("%-8s  %.200q: %s, and %s before", c.Direction, c.PromotionPacketID, c.New.brief(), c.Old.brief())
}

func (e Explanation) brief() string {
	if demand(e.Requirement) == 0 {
		return "not exported"
	}
	return fmt.Sprintf("%s export, %s, %s", e.Requirement, e.RetentionClass, e.Lock())
}

// Count returns how many packets go a direction.
func (l Comparisons) Count(d Direction) int {
	n := 0
	for _, c := range l {
		if c.Direction == d {
			n++
		}
	}
	return n
}

// String returns one line a packet that is kept differently, and a summary.
func (l Comparisons) String() string {
	var b strings.Builder
	for _, c := range l {
		if c.Direction != Neutral {
			fmt.Fprintln(&b, c)
		}
	}
	fmt.Fprintf(&b, "%d packets: %d stronger, %d weaker, %d unclear, %d the same\n", len(l), l.Count(Stronger), l.Count(Weaker), l.Count(Unclear), l.Count(Neutral))
	return b.String()
}
