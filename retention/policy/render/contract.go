package render

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/policy"
)

// ContractName is the name of the contract's file.
const ContractName = "post_promotion_audit_export_policy.md"

// Contract makes post_promotion_audit_export_policy.md: the policy in prose that a
// reviewer signs. It names the digest of the policy, which every manifest names too.
func Contract(p *policy.Policy, c Config) (File, error) {
	if err := c.check(); err != nil {
		return File{}, err
	}
	f := p.File()
	data := contract{File: f, SHA256: p.SHA256(), LogOrigin: c.LogOrigin, PolicyFile: c.PolicyFile, BucketRoles: bucketRoles(p)}
	for _, decision := range slices.Sorted(maps.Keys(f.Decisions)) {
		data.Decisions = append(data.Decisions, decisionFacts{decision, f.Decisions[decision]})
	}
	for _, class := range retention.Classes() {
		data.Classes = append(data.Classes, newClassFacts(p, class))
	}
	for _, place := range c.places() {
		facts := place.facts()
		data.Places = append(data.Places, facts)
		for _, t := range facts.Tiers.transitions(p) {
			data.Moves = append(data.Moves, move{facts.Cloud, t, facts.Tiers.offline && t.Tier == "archive"})
		}
	}
	made, err := makeOne("contract.md", data)
	made.Name = ContractName
	return made, err
}

type contract struct {
	policy.File
	SHA256      string
	LogOrigin   string
	PolicyFile  string
	Decisions   []decisionFacts
	Classes     []classFacts
	Places      []placeFacts
	Moves       []move
	BucketRoles []bucketRole
}

// Offline reports whether something will have to be restored before it is read.
func (c contract) Offline() bool {
	return slices.ContainsFunc(c.Moves, func(m move) bool { return m.Offline })
}

type decisionFacts struct {
	Name        string
	Requirement policy.Requirement
}

// Meaning is the requirement in words.
func (d decisionFacts) Meaning() string {
	switch d.Requirement {
	case policy.Mandatory:
		return "must be exported; one that is missing is a finding"
	case policy.Optional:
		return "may be exported"
	}
	return "is not exported; trying to is an error"
}

type move struct {
	Cloud string
	transition
	Offline bool
}

type classFacts struct {
	Name  retention.Class
	Terms policy.Class
	Hold  bool
	Delay string
}

// newClassFacts is what a class is kept under, and what of the classes below counts
// for it as well.
func newClassFacts(p *policy.Policy, class retention.Class) classFacts {
	f := p.File()
	c := classFacts{Name: class, Terms: f.Classes[class], Delay: "no limit"}
	for _, below := range retention.Classes() {
		c.Hold = c.Hold || f.Classes[below].LegalHold
		if below == class {
			break
		}
	}
	if delay, ok := f.MaximumDelay[class]; ok {
		c.Delay = delay.Words()
	}
	return c
}

// Kept is the period in words, with the days that it comes to.
func (c classFacts) Kept() string {
	fewest, most := c.Terms.Period.DaysLonger(retention.Period{})
	if fewest == most {
		return c.Terms.Period.Words()
	}
	return fmt.Sprintf("%s (%d to %d days)", c.Terms.Period.Words(), fewest, most)
}

// Where is where the class is enforced.
func (c classFacts) Where() string { return strings.Join(c.Terms.EnforcedBy, ", ") }
