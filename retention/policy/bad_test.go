package policy_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/holdfast-archive/holdfast/retention/policy"
)

const (
	classes = "classes:\n  standard: {period: P1Y, mode: governance}\n  extended: {period: P2Y, mode: governance}\n  regulated: {period: P7Y, mode: compliance}\n"
	head    = "version: 1\ndecisions:\n  promote: mandatory\n" // three lines
)

// rules is a file with one rule, on line 8.
func rules(rule string) string { return head + classes + "rules:\n" + rule }

func class(c string) string {
	return head + "classes:\n  standard: " + c + "\n  extended: {period: P9Y, mode: compliance}\n  regulated: {period: P9Y, mode: compliance}\n"
}

// Each bad file is refused with the line, the field, what is wrong, and what to do.
func TestBadFiles(t *testing.T) {
	for _, c := range []struct{ name, file, where, field, fix string }{
		{"empty", "", "1:1", "", "default.yaml"},
		{"only a comment", "# nothing\n", "1:1", "", "default.yaml"},
		{"a list", "- version: 1\n", "1:", "", "a policy has"},
		{"a word", "policy\n", "1:1", "", "a policy has"},
		{"two documents", head + classes + "---\nversion: 1\n", "9:1", "", "has one"},
		{"not YAML", "version: [1\n", "1:", "", "close the bracket"},
		{"a tab", "version: 1\ndecisions:\n\tpromote: mandatory\n", "3:", "", "spaces, not with tabs"},
		{"a key twice", "version: 1\nversion: 1\n", "2:1", "", "write it once"},
		{"an anchor", "version: 1\ndecisions: &d\n  promote: mandatory\n" + classes, "2:", "", "write out"},
		{"an alias", "version: 1\ndecisions: *d\n" + classes, "2:", "", "write out"},
		{"a tag", "version: !!str 1\ndecisions: {promote: mandatory}\n" + classes, "1:", "", "write out"},
		{"no version", "decisions: {promote: mandatory}\n" + classes, "1:", "version", "a policy has version"},
		{"no decisions", "version: 1\n" + classes, "1:", "decisions", "a policy has"},
		{"no classes", head, "1:", "classes", "a policy has"},
		{"another version", "version: 2\ndecisions: {promote: mandatory}\n" + classes, "1:10", "version", "version: 1"},
		{"a version in quotes", "version: \"1\"\ndecisions: {promote: mandatory}\n" + classes, "1:10", "version", "version: 1"},
		{"an unknown field", head + classes + "retention: P7Y\n", "8:1", "retention", "a policy has"},
		{"a decision that is always", "version: 1\ndecisions:\n  promote: always\n" + classes, "3:12", "decisions.promote", "mandatory, optional or none"},
		{"a decision that is yes", "version: 1\ndecisions:\n  promote: true\n" + classes, "3:12", "decisions.promote", "mandatory, optional or none"},
		{"no decision at all", "version: 1\ndecisions: {}\n" + classes, "2:", "decisions", "list each"},
		{"decisions as a list", "version: 1\ndecisions: [promote]\n" + classes, "2:", "decisions", "list each"},
		{"a decision without a name", "version: 1\ndecisions: {\"\": none}\n" + classes, "2:", "decisions", "list each"},
		{"skew in words", head + classes + "clock_skew: two minutes\n", "8:13", "clock_skew", "ISO 8601"},
		{"skew as Go writes it", head + classes + "clock_skew: 2m\n", "8:13", "clock_skew", "ISO 8601"},
		{"skew in months", head + classes + "clock_skew: P1M\n", "8:13", "clock_skew", "ISO 8601"},
		{"skew without an end", head + classes + "clock_skew: P99999999D\n", "8:13", "clock_skew", "description"},
		{"a delay of a class nobody knows", head + classes + "maximum_delay: {urgent: PT1H}\n", "8:", "maximum_delay", "standard, extended or regulated"},
		{"a delay in numbers", head + classes + "maximum_delay: {standard: 60}\n", "8:27", "maximum_delay.standard", "ISO 8601"},
		{"a class missing", "version: 1\ndecisions: {promote: mandatory}\nclasses:\n  standard: {period: P1Y, mode: none}\n", "4:", "classes", "all of standard"},
		{"a class too many", head + classes + "  forever: {period: P99Y, mode: none}\n", "8:3", "classes.forever", "no other class"},
		{"a period in years", class("{period: 7 years, mode: none}"), "5:22", "classes.standard.period", "such as P7Y"},
		{"a period of hours", class("{period: PT12H, mode: none}"), "5:22", "classes.standard.period", "whole years"},
		{"a period of nothing", class("{period: P0D, mode: none}"), "5:22", "classes.standard.period", "P1D to P100Y"},
		{"a period without an end", class("{period: P101Y, mode: compliance}"), "5:22", "classes.standard.period", "P100Y"},
		{"a period that is a number", class("{period: 7, mode: none}"), "5:22", "classes.standard.period", "such as P7Y"},
		{"half a year", class("{period: P0.5Y, mode: none}"), "5:22", "classes.standard.period", "whole years"},
		{"no period", class("{mode: none}"), "5:", "classes.standard", "a period and a mode"},
		{"no mode", class("{period: P1Y}"), "5:", "classes.standard", "a period and a mode"},
		{"a mode nobody knows", class("{period: P1Y, mode: locked}"), "5:33", "classes.standard.mode", "none, governance or compliance"},
		{"a mode in capitals", class("{period: P1Y, mode: COMPLIANCE}"), "5:33", "classes.standard.mode", "none, governance or compliance"},
		{"a hold that is maybe", class("{period: P1Y, mode: none, legal_hold: maybe}"), "5:51", "classes.standard.legal_hold", "true"},
		{"a tier that is glacier", class("{period: P1Y, mode: none, storage_tiers: [{after: P90D, tier: glacier}]}"), "5:", "classes.standard.storage_tiers.0.tier", "cool, cold or archive"},
		{"a tier after a year", class("{period: P1Y, mode: none, storage_tiers: [{after: P1Y, tier: cold}]}"), "5:", "classes.standard.storage_tiers.0.after", "whole days"},
		{"a class shorter than a weaker one", head + "classes:\n  standard: {period: P9Y, mode: governance}\n  extended: {period: P2Y, mode: governance}\n  regulated: {period: P10Y, mode: compliance}\n", "6:", "classes.extended", "at least that of standard"},
		{"a class softer than a weaker one", head + "classes:\n  standard: {period: P1Y, mode: compliance}\n  extended: {period: P2Y, mode: governance}\n  regulated: {period: P10Y, mode: compliance}\n", "6:", "classes.extended", "at least that of standard"},
		{"days against a leap year", head + "classes:\n  standard: {period: P1Y, mode: none}\n  extended: {period: P365D, mode: none}\n  regulated: {period: P10Y, mode: none}\n", "6:", "classes.extended", "at least that of standard"},
		{"enforced by a sentence", class("{period: P1Y, mode: none, enforced_by: [The Bucket]}"), "5:", "classes.standard.enforced_by.0", "lowercase"},
		{"a jurisdiction twice", head + classes + "regulated_jurisdictions: [KR, KR]\n", "8:", "regulated_jurisdictions", "each jurisdiction once"},
		{"a jurisdiction that is no", head + classes + "regulated_jurisdictions: [KR, 47]\n", "8:31", "regulated_jurisdictions.1", "in quotes"},
		{"a rule without a name", rules("  - {when: 'true', class: extended}\n"), "9:", "rules.0", "a name, a when and a class"},
		{"a rule's name in capitals", rules("  - {name: Exception, when: 'true', class: extended}\n"), "9:", "rules.0.name", "lowercase"},
		{"two rules of a name", rules("  - {name: a, when: 'true', class: extended}\n  - {name: a, when: 'true', class: extended}\n"), "10:", "rules.1.name", "a name of its own"},
		{"a rule for no class", rules("  - {name: a, when: 'true', class: forever}\n"), "9:", "rules.0.class", "standard, extended or regulated"},
		{"a rule that is not CEL", rules("  - name: a\n    when: executive_exception_id is set\n    class: extended\n"), "10:34", "rules.0.when", "CEL expression"},
		{"a field nobody knows", rules("  - name: a\n    when: exception != \"\"\n    class: extended\n"), "10:11", "rules.0.when", "has(packet.exception)"},
		{"text against a number", rules("  - name: a\n    when: consecutive_yellow_windows >= \"2\"\n    class: extended\n"), "10:38", "rules.0.when", "without quotes"},
		{"an expression that is no answer", rules("  - name: a\n    when: consecutive_yellow_windows\n    class: extended\n"), "10:11", "rules.0.when", "true or false"},
		{"an answer that may be anything", rules("  - name: a\n    when: packet.approved\n    class: extended\n"), "10:11", "rules.0.when", "true or false"},
		{"an error on the second line", rules("  - name: a\n    when: |\n      true &&\n      nobody\n    class: extended\n"), "12:", "rules.0.when", "CEL expression"},
		{"parentheses without end", rules("  - name: a\n    when: " + strings.Repeat("(", 300) + "true" + strings.Repeat(")", 300) + "\n    class: extended\n"), "10:", "rules.0.when", "CEL expression"},
		{"an expression of a novel's length", rules("  - name: a\n    when: " + strings.Repeat("true && ", 600) + "true\n    class: extended\n"), "10:", "rules.0.when", "4,096"},
		{"a role that is a sentence", head + classes + "roles: {export: [the release team]}\n", "8:", "roles.export.0", "a role is a word"},
		{"nobody may export", head + classes + "roles: {export: []}\n", "8:", "roles.export", "at least one role"},
		{"a role for deleting", head + classes + "roles: {delete: [admin]}\n", "8:9", "roles.delete", "who may export"},
		{"another setting of holds", head + classes + "legal_hold: {expires: P1Y}\n", "8:14", "legal_hold.expires", "release_by_another_person"},
		{"a reason of nothing", rules("  - {name: a, when: 'true', class: extended, because: ''}\n"), "9:", "rules.0.because", "in at most 200 characters why"},
		{"an expression that ends too soon", rules("  - name: a\n    when: executive_exception_id !=\n    class: extended\n"), "10:", "rules.0.when", "CEL expression"},
		{"not UTF-8", "version: 1\nclasses: # \xff\n", "2:12", "", "UTF-8"},
		{"a file that is not read to its end", "version: 1\n#" + strings.Repeat("#", policy.MaxFileBytes), "1:1", "", "at most 262144"},
	} {
		_, err := policy.Parse("policy.yaml", []byte(c.file))
		var bad *policy.FileError
		if !errors.As(err, &bad) {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		found := false
		for _, p := range bad.Problems {
			found = found || strings.HasPrefix(p.String(), c.where) && strings.Contains(p.Field+p.Problem, c.field) && (c.fix == "description" || strings.Contains(p.Fix, c.fix)) && p.Fix != ""
		}
		if !found {
			t.Errorf("%s: want %s, %s, %q:\n%v", c.name, c.where, c.field, c.fix, err)
		}
		for _, jargon := range []string{"got ", "want ", "object", "array", "<EOF>", "property", "properties", "pattern", "retention: unknown", "minItems"} {
			for _, p := range bad.Problems {
				if p.Line == 0 || p.Column == 0 || p.Fix == "" || (p.Field == "") != (c.field == "") {
					t.Errorf("%s: line, field or fix is missing: %s", c.name, p)
				}
				if strings.Contains(p.Problem, jargon) {
					t.Errorf("%s: %q is no word for somebody who has to mend it:\n%v", c.name, jargon, err)
				}
			}
		}
	}
}
