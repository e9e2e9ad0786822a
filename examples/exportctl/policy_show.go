package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/policy"
)

func (t *tool) policyShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show",
		Short: "Show the policy in force: decisions, classes, rules and roles",
		Long: `Show prints what the policy of --policy says, or the built-in one: what is done with each
decision, how long each class is kept and how firmly, which rules give a packet its class,
and who may do what. Each manifest names the digest that stands at its end.

Related: policy explain, for one packet; policy render, for the contract that reviewers sign`,
		Example: `  exportctl policy show --policy policy.yaml
  exportctl policy show --json | jq -r .policy_sha256`,
		Args: none,
		RunE: func(*cobra.Command, []string) error {
			p, err := t.loadPolicy()
			if err != nil {
				return err
			}
			shown := shownPolicy{Policy: p.File(), SHA256: p.SHA256()}
			return t.screen.Show(shown, shown.draw)
		},
	}
}

type shownPolicy struct {
	Policy policy.File `json:"policy"`
	SHA256 string      `json:"policy_sha256"`
}

func (s shownPolicy) draw(p *screen.Page) {
	f := s.Policy
	p.Title("Decisions")
	var rows [][]any
	for _, decision := range slices.Sorted(maps.Keys(f.Decisions)) {
		rows = append(rows, []any{decision, requirementWords[f.Decisions[decision]]})
	}
	p.Table([]string{"promotion_decision", "is"}, rows)

	p.Title("Classes, weakest first")
	rows = nil
	for _, class := range retention.Classes() {
		c := f.Classes[class]
		within := "any time"
		if d := f.MaximumDelay[class]; d > 0 {
			within = d.Words()
		}
		rows = append(rows, []any{class, c.Period.Words(), c.Mode, yesNo(c.LegalHold), within, tiersOf(c), strings.Join(c.EnforcedBy, ", ")})
	}
	p.Table([]string{"class", "kept", "mode", "legal hold", "exported within", "moves to", "enforced by"}, rows)

	p.Title("Rules: each that holds counts, the strongest class wins")
	rows = nil
	for _, r := range f.Rules {
		rows = append(rows, []any{r.Name, r.Class, r.When, r.Because})
	}
	p.Table([]string{"rule", "class", "when", "because"}, rows)
	p.Fields(screen.Field{Name: "regulated_jurisdictions", Value: strings.Join(f.RegulatedJurisdictions, ", ")})

	p.Title("Roles")
	p.Table([]string{"may", "roles"}, [][]any{
		{"export", rolesOf(f.Roles.Export)}, {"read", rolesOf(f.Roles.Read)}, {"hold", rolesOf(f.Roles.Hold)},
		{"release a hold", rolesOf(f.Roles.Release)}, {"acknowledge a link", rolesOf(f.Roles.Acknowledge)},
	})
	if f.LegalHold.ReleaseByAnotherPerson {
		p.Line("  a hold is released by another person than placed it")
	}
	p.Gap()
	p.Line("%s", p.Dim("clocks may be "+f.ClockSkew.Words()+" apart; policy_sha256 "+s.SHA256))
}

var requirementWords = map[policy.Requirement]string{
	policy.Mandatory: "exported, always",
	policy.Optional:  "exported if somebody wants it",
	policy.None:      "refused",
}

func rolesOf(roles []string) string {
	if len(roles) == 0 {
		return "whoever the bucket lets"
	}
	return strings.Join(roles, ", ")
}

func tiersOf(c policy.Class) string {
	return strings.Join(each(c.StorageTiers, func(t policy.Tier) string { return t.Tier + " after " + t.After.Words() }), ", ")
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}
