package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/holdfast-archive/holdfast/retention"
)

func (d *Difference) decisions(a, b File) {
	names := slices.Sorted(maps.Keys(a.Decisions))
	added, _ := addedAndRemoved(names, slices.Sorted(maps.Keys(b.Decisions)))
	for _, name := range append(names, added...) {
		before, after := a.Decisions[name], b.Decisions[name]
		if before == after {
			continue
		}
		d.add("decisions."+name, string(before), string(after), toward(demand(after)-demand(before)),
			"the export of %q %s, and %s before", name, demanded(after), demanded(before))
	}
}

// demand orders requirements. A decision that is not listed is refused, as one is
// that is not to be exported.
func demand(r Requirement) int {
	return max(slices.Index([]Requirement{None, Optional, Mandatory}, r), 0)
}

func demanded(r Requirement) string {
	switch r {
	case Mandatory:
		return "is mandatory"
	case Optional:
		return "is optional"
	case None:
		return "is refused"
	}
	return "is refused as an unknown decision"
}

func (d *Difference) delays(a, b File) {
	if a.ClockSkew != b.ClockSkew {
		d.add("clock_skew", a.ClockSkew.String(), b.ClockSkew.String(), toward(sooner(a.ClockSkew, b.ClockSkew)),
			"clocks may be %s apart instead of %s", b.ClockSkew.Words(), a.ClockSkew.Words())
	}
	for _, c := range retention.Classes() {
		before, limited := a.MaximumDelay[c]
		after, limits := b.MaximumDelay[c]
		field := "maximum_delay." + string(c)
		switch {
		case limited && !limits:
			d.add(field, before.String(), "", Weaker, "%s exports have no limit instead of %s", c, before.Words())
		case !limited && limits:
			d.add(field, "", after.String(), Stronger, "%s exports must be complete within %s; there was no limit", c, after.Words())
		case before != after:
			d.add(field, before.String(), after.String(), toward(sooner(before, after)), "%s exports must be complete within %s instead of %s", c, after.Words(), before.Words())
		}
	}
}

func sooner(before, after Span) int {
	if after < before {
		return 1
	}
	return -1
}

func (d *Difference) classes(a, b File) {
	var heldBefore, heldAfter bool // by the class or one below it
	for _, c := range retention.Classes() {
		before, after, field := a.Classes[c], b.Classes[c], "classes."+string(c)
		heldBefore, heldAfter = heldBefore || before.LegalHold, heldAfter || after.LegalHold
		d.period(field+".period", c, before, after)
		if before.Mode != after.Mode {
			d.add(field+".mode", string(before.Mode), string(after.Mode), toward(firmness(after.Mode)-firmness(before.Mode)),
				"%s is locked in mode %s instead of %s", c, after.Mode, before.Mode)
		}
		if heldBefore != heldAfter {
			d.add(field+".legal_hold", fmt.Sprint(heldBefore), fmt.Sprint(heldAfter), toward(truth(heldAfter)-truth(heldBefore)),
				"%s exports are put under a legal hold: %t, and %t before", c, heldAfter, heldBefore)
		}
		d.tiers(field+".storage_tiers", c, before, after)
		d.places(field+".enforced_by", c, before, after)
	}
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// period compares two periods over every date that an export may have.
func (d *Difference) period(field string, c retention.Class, before, after Class) {
	if before.Period == after.Period {
		return
	}
	fewest, most := after.Period.DaysLonger(before.Period)
	direction, by := Unclear, fmt.Sprintf("from %s shorter to %s longer, by the date of the export", days(-fewest, -fewest), days(most, most))
	switch {
	case fewest == 0 && most == 0:
		direction, by = Neutral, "which is the same"
	case fewest >= 0:
		direction, by = Stronger, days(fewest, most)+" longer"
	case most <= 0:
		direction, by = Weaker, days(-most, -fewest)+" shorter"
	}
	d.add(field, before.Period.String(), after.Period.String(), direction, "%s is kept %s instead of %s, %s", c, after.Period.Words(), before.Period.Words(), by)
}

func days(fewest, most int) string {
	switch fewest {
	case most:
		return retention.Period{Days: most}.Words()
	case 0:
		return "up to " + retention.Period{Days: most}.Words()
	}
	return fmt.Sprintf("%d to %d days", fewest, most)
}

// tiers are about what storage costs, not about how long it lasts.
func (d *Difference) tiers(field string, c retention.Class, before, after Class) {
	if slices.Equal(before.StorageTiers, after.StorageTiers) {
		return
	}
	list := func(tiers []Tier) string {
		var words []string
		for _, t := range tiers {
			words = append(words, fmt.Sprintf("%s after %s", t.Tier, t.After.Words()))
		}
		return strings.Join(words, ", ")
	}
	d.add(field, list(before.StorageTiers), list(after.StorageTiers), Neutral, "%s moves to cheaper storage at other times, and is kept as long", c)
}

func (d *Difference) places(field string, c retention.Class, before, after Class) {
	added, removed := addedAndRemoved(before.EnforcedBy, after.EnforcedBy)
	if len(added)+len(removed) == 0 {
		return
	}
	direction := both(toward(len(added)), toward(-len(removed)))
	d.add(field, strings.Join(before.EnforcedBy, ", "), strings.Join(after.EnforcedBy, ", "), direction,
		"%s is enforced by %s instead of %s", c, orNobody(after.EnforcedBy, "nothing that is named"), orNobody(before.EnforcedBy, "nothing that is named"))
}

func orNobody(names []string, nobody string) string {
	if len(names) == 0 {
		return nobody
	}
	return strings.Join(names, ", ")
}
