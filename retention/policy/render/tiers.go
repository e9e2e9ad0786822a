package render

import (
	"slices"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/policy"
)

// tiers are the storage tiers of a policy, warmest first.
var tiers = []string{"cool", "cold", "archive"}

// cloudTiers are a cloud's names for the tiers, and how soon it lets an object move.
type cloudTiers struct {
	names        map[string]string
	offline      bool           // archive has to be restored before it can be read
	atLeast      map[string]int // days before an object may move to a tier
	betweenMoves int            // days from one move to the next
}

// transition is a move to a tier.
type transition struct {
	Tier         string
	StorageClass string // as the cloud calls it
	Days         int    // after it was stored
}

// transitions are the moves that every class allows, in a cloud's terms. Days are
// only ever made more.
func (c cloudTiers) transitions(p *policy.Policy) []transition {
	var moves []transition
	for i, tier := range tiers {
		days, ok := allowed(p, tiers[i:])
		if !ok {
			continue
		}
		days = max(days, c.atLeast[tier])
		if n := len(moves); n > 0 && moves[n-1].Days >= days {
			moves = moves[:n-1] // the warmer one would last no day
		}
		if n := len(moves); n > 0 {
			days = max(days, moves[n-1].Days+c.betweenMoves)
		}
		moves = append(moves, transition{Tier: tier, StorageClass: c.names[tier], Days: days})
	}
	return moves
}

// allowed is the day from which every class lets an object lie in one of some tiers,
// or false if a class never does.
func allowed(p *policy.Policy, in []string) (days int, ok bool) {
	for _, class := range p.File().Classes {
		first := -1
		for _, t := range class.StorageTiers {
			if slices.Contains(in, t.Tier) && (first < 0 || t.After.Days < first) {
				first = t.After.Days
			}
		}
		if first < 0 {
			return 0, false
		}
		days = max(days, first)
	}
	return days, true
}

// defaultRetention is what the weakest class asks for, in the days that are enough
// on any calendar; 0 if it asks for no lock.
func defaultRetention(p *policy.Policy, most int) (days int, mode retention.Mode) {
	weakest := p.Matrix().Standard
	if weakest.Mode == retention.None {
		return 0, retention.None
	}
	_, days = weakest.Period.DaysLonger(retention.Period{})
	return min(days, most), weakest.Mode
}
