package policy_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/policy"
)

// What is wrong in a file is said all at once, each with its line, field and fix.
func ExampleParse() {
	_, err := policy.Parse("export-policy.yaml", []byte(`version: 1
decisions:
  promote: always
classes:
  standard:  {period: P2Y, mode: governance}
  extended:  {period: 5 years, mode: compliance}
  regulated: {period: P7Y, mode: compliance}
`))
	var bad *policy.FileError
	if errors.As(err, &bad) {
		for _, p := range bad.Problems {
			fmt.Println(p)
		}
	}
	// Output:
	// 3:12: decisions.promote: "always" is not known; write mandatory, optional or none
	// 6:23: classes.extended.period: "5 years" is not written as it must be; write it as ISO 8601 in whole years, months, weeks and days, such as P7Y or P400D
}

func ExamplePolicy_Explain() {
	f := policy.Default().File()
	f.RegulatedJurisdictions = []string{"KR", "BR"}
	p, err := policy.New(f)
	if err != nil {
		fmt.Println(err)
		return
	}
	e, err := p.Explain(policy.Facts{
		PromotionPacketID:    "pp-20260809-matchmaking-0020",
		PromotionDecision:    "promote",
		ExecutiveExceptionID: "ex-9144",
		Jurisdictions:        []string{"KR"},
	}, time.Date(2026, 8, 9, 4, 0, 0, 0, time.UTC))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("export:", e.Requirement, "within", e.MaximumDelay.Words())
	fmt.Println("class: ", e.RetentionClass, "for", e.Period.Words())
	fmt.Println("lock:  ", e.Lock())
	for _, reason := range e.Reasons() {
		fmt.Println("reason:", reason)
	}
	// Output:
	// export: mandatory within 1 hour
	// class:  regulated for 7 years
	// lock:   compliance until 2033-08-10T00:00:00Z
	// reason: executive-exception: an executive took the risk
	// reason: regulated-jurisdiction: a jurisdiction is listed as regulated
}

func ExampleDiff() {
	before := policy.Default()
	f := before.File()
	standard := f.Classes[retention.Standard]
	standard.Period = retention.Period{Days: 730}
	f.Classes[retention.Standard] = standard
	f.RegulatedJurisdictions = []string{"KR"}
	after, err := policy.New(f)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(policy.Diff(before, after))
	// Output:
	// weaker    classes.standard.period: standard is kept 730 days instead of 2 years, up to 1 day shorter
	// stronger  regulated_jurisdictions: "KR" is listed as regulated
}

func ExampleCompare() {
	before := policy.Default()
	f := before.File()
	f.Rules = f.Rules[1:] // an executive's exception no longer counts
	after, err := policy.New(f)
	if err != nil {
		fmt.Println(err)
		return
	}
	packets := []policy.Facts{
		{PromotionPacketID: "pp-1", PromotionDecision: "promote"},
		{PromotionPacketID: "pp-2", PromotionDecision: "promote", ExecutiveExceptionID: "ex-9144"},
	}
	comparisons, err := policy.Compare(before, after, packets, time.Date(2026, 8, 9, 4, 0, 0, 0, time.UTC))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(comparisons)
	// Output:
	// weaker    "pp-2": mandatory export, standard, governance until 2028-08-10T00:00:00Z, and mandatory export, extended, compliance until 2031-08-10T00:00:00Z before
	// 2 packets: 0 stronger, 1 weaker, 0 unclear, 1 the same
}
