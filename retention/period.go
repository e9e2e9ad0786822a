package retention

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/sosodev/duration"
)

// maxYears bounds a period. Clouds accept retention dates a century away;
// anything longer is a typing error that could not be taken back.
const maxYears = 100

// Period is a length of time on the calendar. Its text form is an ISO 8601
// duration without a time part: P7Y, P18M, P1Y6M, P400D, P2W.
type Period struct {
	Years, Months, Days int
}

// Years returns a period of n calendar years.
func Years(n int) Period { return Period{Years: n} }

// ParsePeriod reads an ISO 8601 duration of whole years, months, weeks and
// days. Fractions, hours, signs, an empty period, and more than 100 years are
// errors that match [ErrUnknown].
func ParsePeriod(s string) (Period, error) {
	d, err := duration.Parse(s)
	if err != nil {
		return Period{}, fmt.Errorf("%w: period %q (%v); write it as ISO 8601, such as P7Y or P400D", ErrUnknown, s, err)
	}
	// The library's own arithmetic counts a year as 365 days, which would end a
	// seven-year lock two days early. Only its parsing is used here.
	if d.Hours != 0 || d.Minutes != 0 || d.Seconds != 0 || d.Negative {
		return Period{}, fmt.Errorf("%w: period %q: retention is counted in whole days or longer, forwards", ErrUnknown, s)
	}
	for _, part := range []float64{d.Years, d.Months, d.Weeks, d.Days} {
		if part != math.Trunc(part) || part > maxYears*366 {
			return Period{}, fmt.Errorf("%w: period %q: each part is a whole number within %d years", ErrUnknown, s, maxYears)
		}
	}
	p := Period{Years: int(d.Years), Months: int(d.Months), Days: int(d.Weeks)*7 + int(d.Days)}
	return p, p.Validate()
}

// Validate refuses a period that is empty, has a negative part, or is longer
// than 100 years.
func (p Period) Validate() error {
	if p.Years < 0 || p.Months < 0 || p.Days < 0 || p == (Period{}) {
		return fmt.Errorf("%w: period %s: it must be at least a day", ErrUnknown, p)
	}
	start := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	if p.Years > maxYears || p.Months > maxYears*12 || p.Days > maxYears*366 ||
		start.AddDate(p.Years, p.Months, p.Days).After(start.AddDate(maxYears, 0, 0)) {
		return fmt.Errorf("%w: period %s: the longest is %d years", ErrUnknown, p, maxYears)
	}
	return nil
}

// From returns the end of the period that starts at t: calendar arithmetic in
// UTC, rounded up to the next midnight UTC.
func (p Period) From(t time.Time) time.Time {
	end := t.UTC().AddDate(p.Years, p.Months, p.Days)
	midnight := time.Date(end.Year(), end.Month(), end.Day(), 0, 0, 0, 0, time.UTC)
	if midnight.Before(end) {
		midnight = midnight.AddDate(0, 0, 1)
	}
	return midnight
}

// cycle is how many months the Gregorian calendar takes to repeat itself.
const cycle = 400 * 12

// DaysLonger returns by how many days p ends later than q when both start at the
// same moment: the fewest and the most, over every start there is. They differ
// where months or leap years count, and are negative where p ends earlier. Against
// the zero Period they are the days that p takes.
func (p Period) DaysLonger(q Period) (fewest, most int) {
	fewest, most = math.MaxInt, math.MinInt
	for month := range cycle { // which day of a month it is adds the same to both
		a, b := p.fromMonth(month), q.fromMonth(month)
		days := int(a.Sub(b) / (24 * time.Hour))
		fewest, most = min(fewest, days), max(most, days)
	}
	return fewest, most
}

func (p Period) fromMonth(month int) time.Time {
	return time.Date(2000+p.Years, time.Month(1+month+p.Months), 1+p.Days, 0, 0, 0, 0, time.UTC)
}

// Words returns the period in words, such as "7 years" or "1 year, 6 months".
func (p Period) Words() string {
	var words []string
	for _, part := range []struct {
		n    int
		unit string
	}{{p.Years, "year"}, {p.Months, "month"}, {p.Days, "day"}} {
		switch {
		case part.n == 1:
			words = append(words, "1 "+part.unit)
		case part.n != 0:
			words = append(words, fmt.Sprintf("%d %ss", part.n, part.unit))
		}
	}
	if len(words) == 0 {
		return "no time"
	}
	return strings.Join(words, ", ")
}

// String returns the period as an ISO 8601 duration.
func (p Period) String() string {
	s := "P"
	for _, part := range []struct {
		n    int
		unit string
	}{{p.Years, "Y"}, {p.Months, "M"}, {p.Days, "D"}} {
		if part.n != 0 {
			s += fmt.Sprintf("%d%s", part.n, part.unit)
		}
	}
	if s == "P" {
		return "P0D"
	}
	return s
}

// MarshalText writes the ISO 8601 form.
func (p Period) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what [ParsePeriod] reads.
func (p *Period) UnmarshalText(text []byte) error {
	parsed, err := ParsePeriod(string(text))
	if err != nil {
		return err
	}
	*p = parsed
	return nil
}
