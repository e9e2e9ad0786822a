package policy

import (
	"slices"
	"strings"

	"github.com/holdfast-archive/holdfast/retention"
)

func (d *Difference) jurisdictions(a, b File) {
	added, removed := addedAndRemoved(a.RegulatedJurisdictions, b.RegulatedJurisdictions)
	const field = "regulated_jurisdictions"
	for _, name := range added {
		d.add(field, "", name, ifLookedAt(b, Stronger), "%q is listed as regulated", name)
	}
	for _, name := range removed {
		d.add(field, name, "", ifLookedAt(a, Weaker), "%q is no longer listed as regulated", name)
	}
}

// ifLookedAt: a list that no rule looks at makes no difference.
func ifLookedAt(f File, d Direction) Direction {
	if slices.ContainsFunc(f.Rules, func(r Rule) bool { return strings.Contains(r.When, "regulated_jurisdictions") }) {
		return d
	}
	return Neutral
}

// rules compares rules by their names. One that only has another name is the same.
func (d *Difference) rules(before, after []Rule) {
	named := func(rules []Rule, name string) int {
		return slices.IndexFunc(rules, func(r Rule) bool { return r.Name == name })
	}
	renamed := map[string]bool{}
	for _, r := range before {
		field := "rules." + r.Name
		if i := named(after, r.Name); i >= 0 {
			d.rule(field, r, after[i])
		} else if i := slices.IndexFunc(after, func(n Rule) bool {
			return n.When == r.When && n.Class == r.Class && named(before, n.Name) < 0 && !renamed[n.Name]
		}); i >= 0 {
			renamed[after[i].Name] = true
			d.add(field, r.Name, after[i].Name, Neutral, "the rule is called %s", after[i].Name)
		} else {
			d.add(field, r.When, "", toward(-rank(r.Class)), "the rule is gone; packets that it made %s may fall to a weaker class", r.Class)
		}
	}
	for _, r := range after {
		if named(before, r.Name) < 0 && !renamed[r.Name] {
			d.add("rules."+r.Name, "", r.When, toward(rank(r.Class)), "a new rule makes packets %s", r.Class)
		}
	}
}

func rank(c retention.Class) int { return slices.Index(retention.Classes(), c) }

func (d *Difference) rule(field string, before, after Rule) {
	if before.When != after.When {
		d.add(field+".when", before.When, after.When, Unclear, "the rule holds for other packets; compare with those that you have")
	}
	if before.Class != after.Class {
		d.add(field+".class", string(before.Class), string(after.Class), toward(rank(after.Class)-rank(before.Class)),
			"the rule makes packets %s instead of %s", after.Class, before.Class)
	}
	if before.Because != after.Because {
		d.add(field+".because", before.Because, after.Because, Neutral, "the reason is worded differently")
	}
}

func (d *Difference) roles(a, b Roles) {
	for _, r := range []struct {
		name          string
		before, after []string
	}{
		{"export", a.Export, b.Export}, {"read", a.Read, b.Read}, {"hold", a.Hold, b.Hold},
		{"release", a.Release, b.Release}, {"acknowledge", a.Acknowledge, b.Acknowledge},
	} {
		added, removed := addedAndRemoved(r.before, r.after)
		if len(added)+len(removed) == 0 {
			continue
		}
		const anybody = "whom the bucket lets"
		d.add("roles."+r.name, strings.Join(r.before, ", "), strings.Join(r.after, ", "), roleDirection(r.name, r.before, r.after),
			"%s: %s instead of %s", r.name, orNobody(r.after, anybody), orNobody(r.before, anybody))
	}
}

// roleDirection: fewer people is stronger, and a list that is empty is everybody.
// For holds it is neither: whoever may place one keeps evidence longer.
func roleDirection(name string, before, after []string) Direction {
	added, removed := addedAndRemoved(before, after)
	switch {
	case name == "hold":
		return Unclear
	case len(before) == 0:
		return Stronger
	case len(after) == 0:
		return Weaker
	}
	return both(toward(-len(added)), toward(len(removed)))
}

func (d *Difference) holds(a, b LegalHold) {
	switch {
	case a == b:
	case b.ReleaseByAnotherPerson:
		d.add("legal_hold.release_by_another_person", "false", "true", Stronger, "whoever placed a hold may no longer release it")
	default:
		d.add("legal_hold.release_by_another_person", "true", "false", Weaker, "whoever placed a hold may release it too")
	}
}
