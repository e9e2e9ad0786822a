package policy_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/policy"
)

var at = time.Date(2026, 8, 4, 10, 22, 0, 0, time.UTC)

// with is the default policy with a change.
func with(t testing.TB, change func(f *policy.File)) *policy.Policy {
	t.Helper()
	f := policy.Default().File()
	change(&f)
	p, err := policy.New(f)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func explain(t testing.TB, p *policy.Policy, f policy.Facts) policy.Explanation {
	t.Helper()
	e, err := p.Explain(f, at)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// A team that writes nothing gets what the package doc says.
func TestDefault(t *testing.T) {
	p := policy.Default()
	for decision, want := range map[string]policy.Requirement{"promote": policy.Mandatory, "hold": policy.None, "cancelled": policy.None} {
		if got, known := p.Requirement(decision); got != want || !known {
			t.Errorf("%s: %s, want %s", decision, got, want)
		}
	}
	if _, known := p.Requirement("rollback"); known {
		t.Error("a decision that is not listed is known")
	}
	korea := with(t, func(f *policy.File) { f.RegulatedJurisdictions = []string{"KR", "BR"} })
	for name, c := range map[string]struct {
		p     *policy.Policy
		facts policy.Facts
		class retention.Class
		lock  string
		rules string
	}{
		"nothing special":                {p, policy.Facts{Jurisdictions: []string{"EU"}}, retention.Standard, "governance until 2028-08-05T00:00:00Z", ""},
		"one yellow window":              {p, policy.Facts{ConsecutiveYellowWindows: 1}, retention.Standard, "governance until 2028-08-05T00:00:00Z", ""},
		"two yellow windows":             {p, policy.Facts{ConsecutiveYellowWindows: 2}, retention.Extended, "compliance until 2031-08-05T00:00:00Z", "yellow-windows"},
		"an exception":                   {p, policy.Facts{ExecutiveExceptionID: "ex-1"}, retention.Extended, "compliance until 2031-08-05T00:00:00Z", "executive-exception"},
		"a jurisdiction nobody lists":    {p, policy.Facts{Jurisdictions: []string{"KR"}}, retention.Standard, "governance until 2028-08-05T00:00:00Z", ""},
		"a jurisdiction that is listed":  {korea, policy.Facts{Jurisdictions: []string{"EU", "KR"}}, retention.Regulated, "compliance until 2033-08-05T00:00:00Z", "regulated-jurisdiction"},
		"several rules, strongest wins":  {korea, policy.Facts{Jurisdictions: []string{"BR"}, ExecutiveExceptionID: "x", ConsecutiveYellowWindows: 3}, retention.Regulated, "compliance until 2033-08-05T00:00:00Z", "executive-exception yellow-windows regulated-jurisdiction"},
		"the packet asks for more":       {p, policy.Facts{AtLeast: retention.Regulated}, retention.Regulated, "compliance until 2033-08-05T00:00:00Z", "packet"},
		"the packet asks for too little": {p, policy.Facts{AtLeast: retention.Standard, ExecutiveExceptionID: "x"}, retention.Extended, "compliance until 2031-08-05T00:00:00Z", "executive-exception packet"},
	} {
		e := explain(t, c.p, c.facts)
		var fired []string
		for _, f := range e.Fired {
			fired = append(fired, f.Name)
		}
		if e.RetentionClass != c.class || e.Lock().String() != c.lock || strings.Join(fired, " ") != c.rules || len(e.Reasons()) == 0 || e.PolicySHA256 != c.p.SHA256() {
			t.Errorf("%s: %+v", name, e)
		}
	}
	if _, err := p.Explain(policy.Facts{AtLeast: "forever"}, at); !errors.Is(err, retention.ErrUnknown) {
		t.Errorf("an unknown class: %v", err)
	}
}

// A rule may look at any field of a packet. One that cannot be evaluated counts as
// one that holds, and says so; one that would run for ever is stopped.
func TestRules(t *testing.T) {
	rule := func(when string) *policy.Policy {
		return with(t, func(f *policy.File) {
			f.Rules = []policy.Rule{{Name: "test", When: when, Class: retention.Extended, Because: "of the test"}}
		})
	}
	fields := map[string]any{"lane": "economy", "amount": 12.0, "gates": []any{"a", "b"}, "deep": map[string]any{"x": nil}}
	for when, c := range map[string]struct {
		holds  bool
		reason string
	}{
		`packet.lane == "economy"`:                           {true, "test: of the test"},
		`packet.amount > 11`:                                 {true, "test: of the test"},
		`packet.gates.exists(g, g == "b")`:                   {true, "test: of the test"},
		`has(packet.missing) && packet.missing == 1`:         {false, "no rule asks for more than standard"},
		`promotion_decision_at_utc.getFullYear() == 2026`:    {true, "test: of the test"},
		`packet.missing == 1`:                                {true, "could not be evaluated"},
		`packet.deep.x.y == 1`:                               {true, "could not be evaluated"},
		long("jurisdictions.all(a%d, ", `a0 != ""`, ")", 12): {true, "could not be evaluated"},
	} {
		e := explain(t, rule(when), policy.Facts{Fields: fields, PromotionDecisionAtUTC: at, Jurisdictions: strings.Split(strings.Repeat("EU ", 40)+"EU", " ")})
		if (e.RetentionClass == retention.Extended) != c.holds || !strings.Contains(e.Reasons()[0], c.reason) {
			t.Errorf("%.60s: %s, %q", when, e.RetentionClass, e.Reasons())
		}
	}
}

func long(open, middle, close string, n int) string {
	s := middle
	for i := range n {
		s = fmt.Sprintf(open, i) + s + close
	}
	return s
}

// Never a day short, whatever the calendar does.
func TestCalendar(t *testing.T) {
	for _, c := range []struct{ period, from, until string }{
		{"P1Y", "2024-02-29T00:00:00Z", "2025-03-01T00:00:00Z"},
		{"P1Y", "2024-02-29T12:00:00Z", "2025-03-02T00:00:00Z"},
		{"P4Y", "2024-02-29T00:00:00Z", "2028-02-29T00:00:00Z"},
		{"P1M", "2026-01-31T00:00:00Z", "2026-03-03T00:00:00Z"},
		{"P1M", "2024-01-31T00:00:00Z", "2024-03-02T00:00:00Z"},
		{"P1M", "2026-08-31T23:59:59Z", "2026-10-02T00:00:00Z"},
		{"P100Y", "2000-02-29T00:00:00Z", "2100-03-01T00:00:00Z"},
		{"P74Y", "2026-02-28T00:00:00Z", "2100-02-28T00:00:00Z"},
		{"P365D", "2099-03-01T00:00:00Z", "2100-03-01T00:00:00Z"},
		{"P1D", "2026-03-29T01:30:00+02:00", "2026-03-30T00:00:00Z"},
		{"P1D", "2026-12-31T23:00:00-05:00", "2027-01-03T00:00:00Z"},
		{"P1D", "2026-01-01T00:30:00+14:00", "2026-01-02T00:00:00Z"},
	} {
		period, err := retention.ParsePeriod(c.period)
		if err != nil {
			t.Fatal(err)
		}
		p := with(t, func(f *policy.File) {
			for class, terms := range f.Classes {
				terms.Period, terms.Mode = period, retention.Compliance
				f.Classes[class] = terms
			}
		})
		from, err := time.Parse(time.RFC3339, c.from)
		if err != nil {
			t.Fatal(err)
		}
		e, err := p.Explain(policy.Facts{}, from)
		if err != nil || e.RetainUntilUTC.Format(time.RFC3339) != c.until {
			t.Errorf("%s from %s: until %s, want %s (%v)", c.period, c.from, e.RetainUntilUTC.Format(time.RFC3339), c.until, err)
		}
	}
}

func TestAllows(t *testing.T) {
	p := policy.Default()
	for who, may := range map[string]bool{"release-ops/pipeline-42": true, "platform: a name": true, "release-ops": true, "checkout-team/pipeline": false, "": false, "release-ops-2/x": false} {
		if err := p.Allows(policy.Export, who); (err == nil) != may || err != nil && !errors.Is(err, policy.ErrNotAllowed) {
			t.Errorf("%q: %v", who, err)
		}
	}
	open := with(t, func(f *policy.File) { f.Roles = policy.Roles{} })
	if err := open.Allows(policy.Hold, "anybody"); err != nil {
		t.Errorf("roles that nobody listed: %v", err)
	}
}

func TestDigest(t *testing.T) {
	a, err := policy.Parse("a", []byte("version: 1\ndecisions: {promote: mandatory}\n"+classes))
	if err != nil {
		t.Fatal(err)
	}
	b, err := policy.Parse("b", []byte("# a comment\n"+classes+"decisions:\n  promote: mandatory\nversion: 1\n"))
	if err != nil || a.SHA256() != b.SHA256() {
		t.Errorf("layout counts: %s, %s, %v", a.SHA256(), b.SHA256(), err)
	}
	if again, err := policy.New(a.File()); err != nil || again.SHA256() != a.SHA256() {
		t.Errorf("a policy through its File has another digest: %v", err)
	}
	if with(t, func(f *policy.File) { f.RegulatedJurisdictions = []string{"KR"} }).SHA256() == policy.Default().SHA256() {
		t.Error("another policy has the same digest")
	}
}

func TestLoad(t *testing.T) {
	path := t.TempDir() + "/policy.yaml"
	if _, err := policy.Load(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	if err := os.WriteFile(path, []byte(strings.Repeat("#", policy.MaxFileBytes+1)), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := policy.Load(path); err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("too large: %v", err)
	}
	p, err := policy.Load("default.yaml")
	if err != nil || p.SHA256() != policy.Default().SHA256() {
		t.Errorf("default.yaml: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	b, err := os.ReadFile("default.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte("version: 1\ndecisions: {a: none}\n" + classes))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, content []byte) {
		p, err := policy.Parse("fuzz", content)
		if err != nil {
			return
		}
		if again, err := policy.New(p.File()); err != nil || again.SHA256() != p.SHA256() {
			t.Errorf("read once more: %v", err)
		}
		if _, err := p.Explain(policy.Facts{}, at); err != nil {
			t.Error(err)
		}
		if d := policy.Diff(policy.Default(), p); (len(d.Changes) == 0) != (d.OldSHA256 == d.NewSHA256) {
			t.Errorf("another policy, and %d changes", len(d.Changes))
		}
	})
}
