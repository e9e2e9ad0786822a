package policy_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/policy"
)

func setClass(f *policy.File, c retention.Class, change func(c *policy.Class)) {
	terms := f.Classes[c]
	change(&terms)
	f.Classes[c] = terms
}

func period(t testing.TB, s string) retention.Period {
	t.Helper()
	p, err := retention.ParsePeriod(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Each change is found, named and judged; and the way back is judged the other way.
func TestDiff(t *testing.T) {
	periods := func(c retention.Class, p string) func(f *policy.File) {
		return func(f *policy.File) { setClass(f, c, func(c *policy.Class) { c.Period = period(t, p) }) }
	}
	for name, c := range map[string]struct {
		change func(f *policy.File)
		want   string // field direction: a part of the sentence; one line a change
	}{
		"nothing":                 {func(f *policy.File) {}, ""},
		"a longer period":         {periods(retention.Regulated, "P10Y"), "classes.regulated.period stronger: 10 years instead of 7 years, 1095 to 1096 days longer"},
		"a shorter period":        {periods(retention.Regulated, "P5Y1D"), "classes.regulated.period weaker: 729 to 730 days shorter"},
		"years counted in days":   {periods(retention.Standard, "P730D"), "classes.standard.period weaker: up to 1 day shorter"},
		"years counted in months": {periods(retention.Standard, "P24M"), "classes.standard.period neutral: which is the same"},
		"days against months":     {periods(retention.Standard, "P23M30D"), "classes.standard.period unclear: from 1 day shorter to 2 days longer"},
		"a firmer lock": {func(f *policy.File) {
			setClass(f, retention.Standard, func(c *policy.Class) { c.Mode = retention.Compliance })
		}, "classes.standard.mode stronger: mode compliance instead of governance"},
		"no lock": {func(f *policy.File) {
			setClass(f, retention.Standard, func(c *policy.Class) { c.Mode = retention.None })
		}, "classes.standard.mode weaker: mode none instead of governance"},
		"a hold with each export":         {func(f *policy.File) { setClass(f, retention.Regulated, func(c *policy.Class) { c.LegalHold = true }) }, "classes.regulated.legal_hold stronger: legal hold"},
		"a hold counts for stronger ones": {func(f *policy.File) { setClass(f, retention.Extended, func(c *policy.Class) { c.LegalHold = true }) }, "classes.extended.legal_hold stronger:\nclasses.regulated.legal_hold stronger:"},
		"a tier": {func(f *policy.File) {
			setClass(f, retention.Extended, func(c *policy.Class) {
				c.StorageTiers = []policy.Tier{{After: retention.Period{Days: 90}, Tier: "cold"}}
			})
		}, "classes.extended.storage_tiers neutral: kept as long"},
		"another place": {func(f *policy.File) {
			setClass(f, retention.Extended, func(c *policy.Class) { c.EnforcedBy = []string{"bucket", "ticket-archive"} })
		}, "classes.extended.enforced_by stronger: bucket, ticket-archive instead of bucket"},
		"a place fewer": {func(f *policy.File) { setClass(f, retention.Extended, func(c *policy.Class) { c.EnforcedBy = nil }) }, "classes.extended.enforced_by weaker: nothing that is named instead of bucket"},
		"a place for another": {func(f *policy.File) {
			setClass(f, retention.Extended, func(c *policy.Class) { c.EnforcedBy = []string{"tape"} })
		}, "classes.extended.enforced_by unclear:"},
		"a rule gone": {func(f *policy.File) { f.Rules = f.Rules[:2] }, "rules.regulated-jurisdiction weaker: packets that it made regulated may fall to a weaker class"},
		"a rule more": {func(f *policy.File) {
			f.Rules = append(f.Rules, policy.Rule{Name: "red", When: "closure_reliability_state == 'red'", Class: retention.Extended})
		}, "rules.red stronger: makes packets extended"},
		"a rule more, of no consequence": {func(f *policy.File) {
			f.Rules = append(f.Rules, policy.Rule{Name: "red", When: "true", Class: retention.Standard})
		}, "rules.red neutral: makes packets standard"},
		"a rule for a weaker class":      {func(f *policy.File) { f.Rules[2].Class = retention.Extended }, "rules.regulated-jurisdiction.class weaker: extended instead of regulated"},
		"a rule for other packets":       {func(f *policy.File) { f.Rules[1].When = "consecutive_yellow_windows >= 3" }, "rules.yellow-windows.when unclear: other packets"},
		"a rule with another reason":     {func(f *policy.File) { f.Rules[1].Because = "twice is no accident" }, "rules.yellow-windows.because neutral:"},
		"a rule with another name":       {func(f *policy.File) { f.Rules[1].Name = "two-yellows" }, "rules.yellow-windows neutral: is called two-yellows"},
		"rules in another order":         {func(f *policy.File) { slices.Reverse(f.Rules) }, "version neutral: in another order"},
		"a jurisdiction":                 {func(f *policy.File) { f.RegulatedJurisdictions = []string{"KR"} }, `regulated_jurisdictions stronger: "KR" is listed`},
		"a jurisdiction nobody looks at": {func(f *policy.File) { f.RegulatedJurisdictions, f.Rules = []string{"KR"}, f.Rules[:2] }, "regulated_jurisdictions neutral:\nrules.regulated-jurisdiction weaker:"},
		"holds may be exported":          {func(f *policy.File) { f.Decisions["hold"] = policy.Optional }, `decisions.hold stronger: the export of "hold" is optional, and is refused before`},
		"promotes need not be":           {func(f *policy.File) { f.Decisions["promote"] = policy.Optional }, "decisions.promote weaker:"},
		"a decision more":                {func(f *policy.File) { f.Decisions["rollback"] = policy.Mandatory }, "decisions.rollback stronger: is mandatory, and is refused as an unknown decision before"},
		"a decision nobody lists":        {func(f *policy.File) { delete(f.Decisions, "cancelled") }, "decisions.cancelled neutral:"},
		"sooner":                         {func(f *policy.File) { f.MaximumDelay[retention.Standard] = policy.Span(time.Hour) }, "maximum_delay.standard stronger: within 1 hour instead of 1 day"},
		"no limit":                       {func(f *policy.File) { delete(f.MaximumDelay, retention.Extended) }, "maximum_delay.extended weaker: no limit instead of 4 hours"},
		"clocks further apart":           {func(f *policy.File) { f.ClockSkew = policy.Span(90*time.Second) * 2 }, "clock_skew weaker: 3 minutes apart instead of 2 minutes"},
		"more people may export":         {func(f *policy.File) { f.Roles.Export = append(f.Roles.Export, "interns") }, "roles.export weaker: release-ops, platform, interns instead of release-ops, platform"},
		"fewer people may release":       {func(f *policy.File) { f.Roles.Acknowledge = f.Roles.Acknowledge[:1] }, "roles.acknowledge stronger:"},
		"other people may read":          {func(f *policy.File) { f.Roles.Read = []string{"everyone"} }, "roles.read unclear:"},
		"anybody may release":            {func(f *policy.File) { f.Roles.Release = nil }, "roles.release weaker: whom the bucket lets instead of legal"},
		"other people may hold":          {func(f *policy.File) { f.Roles.Hold = []string{"legal"} }, "roles.hold unclear:"},
		"the same person may release":    {func(f *policy.File) { f.LegalHold.ReleaseByAnotherPerson = false }, "legal_hold.release_by_another_person weaker:"},
	} {
		a, b := policy.Default(), with(t, c.change)
		d := policy.Diff(a, b)
		lines := strings.Split(c.want, "\n")
		if c.want == "" {
			lines = nil
		}
		if len(d.Changes) != len(lines) {
			t.Errorf("%s: %d changes, want %d:\n%s", name, len(d.Changes), len(lines), d)
			continue
		}
		back := policy.Diff(b, a)
		opposite := map[policy.Direction]policy.Direction{policy.Stronger: policy.Weaker, policy.Weaker: policy.Stronger, policy.Neutral: policy.Neutral, policy.Unclear: policy.Unclear}
		for i, line := range lines {
			head, part, _ := strings.Cut(line, ":")
			got := d.Changes[i]
			if fmt.Sprint(got.Field, " ", got.Direction) != head || !strings.Contains(got.Text, strings.TrimSpace(part)) {
				t.Errorf("%s: %+v, want %s", name, got, line)
			}
			if r := back.Changes[i]; r.Direction != opposite[got.Direction] {
				t.Errorf("%s: and back: %+v", name, r)
			}
		}
		weak := strings.Contains(c.want, " weaker:") || strings.Contains(c.want, " unclear:")
		if (len(d.Weakenings()) > 0) != weak {
			t.Errorf("%s: weakenings %v", name, d.Weakenings())
		}
	}
	if got := policy.Diff(policy.Default(), policy.Default()).String(); got != "no difference\n" {
		t.Error(got)
	}
}

func TestDiffIsAValue(t *testing.T) {
	d := policy.Diff(policy.Default(), with(t, func(f *policy.File) { f.Rules = nil }))
	encoded, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var again policy.Difference
	if err := json.Unmarshal(encoded, &again); err != nil || again.String() != d.String() || again.NewSHA256 != d.NewSHA256 {
		t.Errorf("through JSON: %+v, %v", again, err)
	}
	want := "weaker    rules.executive-exception: the rule is gone; packets that it made extended may fall to a weaker class\n"
	if !strings.HasPrefix(d.String(), want) {
		t.Errorf("%s, want it to begin %s", d, want)
	}
}

func TestCompare(t *testing.T) {
	before := with(t, func(f *policy.File) { f.RegulatedJurisdictions = []string{"KR", "BR"} })
	after := with(t, func(f *policy.File) {
		f.RegulatedJurisdictions = []string{"BR"}
		f.Decisions = map[string]policy.Requirement{"promote": policy.Mandatory, "hold": policy.Optional}
		f.Rules = append(f.Rules, policy.Rule{Name: "red", When: "closure_reliability_state == 'red'", Class: retention.Extended})
		setClass(f, retention.Regulated, func(c *policy.Class) { c.Period = retention.Years(10) })
	})
	facts := []policy.Facts{
		{PromotionPacketID: "seoul", PromotionDecision: "promote", Jurisdictions: []string{"KR"}},                   // falls to standard
		{PromotionPacketID: "rio", PromotionDecision: "promote", Jurisdictions: []string{"BR", "KR"}},               // 10 years instead of 7
		{PromotionPacketID: "red", PromotionDecision: "promote", ClosureReliabilityState: "red"},                    // now extended
		{PromotionPacketID: "plain", PromotionDecision: "promote"},                                                  // as before
		{PromotionPacketID: "held", PromotionDecision: "hold", Jurisdictions: []string{"KR"}},                       // may now be exported
		{PromotionPacketID: "cancelled", PromotionDecision: "cancelled", ExecutiveExceptionID: "by neither policy"}, // refused by both
	}
	got, err := policy.Compare(before, after, facts, at)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []policy.Direction{policy.Weaker, policy.Stronger, policy.Stronger, policy.Neutral, policy.Stronger, policy.Neutral} {
		if got[i].Direction != want || got[i].PromotionPacketID != facts[i].PromotionPacketID {
			t.Errorf("%s, want %s", got[i], want)
		}
	}
	const first, last = `weaker    "seoul": mandatory export, standard, governance until 2028-08-05T00:00:00Z, and mandatory export, regulated, compliance until 2033-08-05T00:00:00Z before` + "\n",
		"6 packets: 3 stronger, 1 weaker, 0 unclear, 2 the same\n"
	if s := got.String(); !strings.HasPrefix(s, first) || !strings.HasSuffix(s, last) {
		t.Errorf("%s", s)
	}
	if _, err := policy.Compare(before, after, []policy.Facts{{AtLeast: "forever"}}, at); err == nil {
		t.Error("an unknown class")
	}
}

// Where Diff finds nothing weaker or unclear, Compare finds no packet that is kept
// shorter or less firmly, whatever the packet and the day.
func TestDiffHoldsForEveryPacket(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 0))
	strengthened := 0
	for range 200 {
		a, b := with(t, randomly(t, r)), with(t, randomly(t, r))
		d := policy.Diff(a, b)
		if len(d.Weakenings()) > 0 {
			continue
		}
		strengthened++
		day := time.Date(2024, 1, 1+r.IntN(1500), r.IntN(24), 0, 0, 0, time.UTC)
		got, err := policy.Compare(a, b, anyFacts(), day)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range got {
			if c.Direction == policy.Weaker || c.Direction == policy.Unclear {
				t.Errorf("%s\nthough the difference is\n%s", c, d)
			}
		}
	}
	if strengthened < 10 {
		t.Errorf("only %d pairs of policies had nothing weaker: the test shows little", strengthened)
	}
}

// randomly changes a few things, each by chance.
func randomly(t testing.TB, r *rand.Rand) func(f *policy.File) {
	return func(f *policy.File) {
		maybe := func(change func()) {
			if r.IntN(5) == 0 {
				change()
			}
		}
		pick := func(s ...string) string { return s[r.IntN(len(s))] }
		maybe(func() { f.RegulatedJurisdictions = []string{pick("KR", "BR")} })
		maybe(func() { f.RegulatedJurisdictions = []string{"KR", "BR"} })
		maybe(func() { f.Rules = f.Rules[:2] })
		maybe(func() { f.Rules[0].Class = retention.Regulated })
		maybe(func() { f.Decisions["hold"] = policy.Optional })
		maybe(func() {
			setClass(f, retention.Standard, func(c *policy.Class) { c.Period = period(t, pick("P1Y", "P365D", "P12M", "P11M31D", "P366D")) })
		})
		maybe(func() { setClass(f, retention.Standard, func(c *policy.Class) { c.LegalHold = true }) })
		maybe(func() { setClass(f, retention.Extended, func(c *policy.Class) { c.Mode = retention.Governance }) })
		maybe(func() {
			setClass(f, retention.Regulated, func(c *policy.Class) { c.Period = period(t, pick("P6Y", "P8Y", "P84M")) })
		})
	}
}

func anyFacts() []policy.Facts {
	var all []policy.Facts
	for _, decision := range []string{"promote", "hold"} {
		for _, jurisdictions := range [][]string{nil, {"KR"}, {"BR"}, {"EU"}} {
			for _, exception := range []string{"", "ex-1"} {
				for yellow := range 3 {
					all = append(all, policy.Facts{PromotionDecision: decision, Jurisdictions: jurisdictions, ExecutiveExceptionID: exception, ConsecutiveYellowWindows: yellow})
				}
			}
		}
	}
	return all
}
