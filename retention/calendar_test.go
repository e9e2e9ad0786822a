package retention_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/retention"
)

// schoolDay is a day by the rules that one learns at school, without package time.
type schoolDay struct{ year, month, day int }

func leap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

func daysIn(year, month int) int {
	if month == 2 && leap(year) {
		return 29
	}
	return []int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}[month-1]
}

// everyDay numbers the days from 2000 on.
func everyDay() (days []schoolDay, number map[schoolDay]int) {
	number = map[schoolDay]int{}
	for year := 2000; year <= 2210; year++ {
		for month := 1; month <= 12; month++ {
			for day := 1; day <= daysIn(year, month); day++ {
				number[schoolDay{year, month, day}] = len(days)
				days = append(days, schoolDay{year, month, day})
			}
		}
	}
	return days, number
}

// after reads a calendar: so many years and months on, the same day of the month,
// or the first of the next if there is none; then so many days more.
func after(p retention.Period, from schoolDay, number map[schoolDay]int) int {
	months := from.year*12 + from.month - 1 + p.Years*12 + p.Months
	to := schoolDay{months / 12, months%12 + 1, from.day}
	if to.day > daysIn(to.year, to.month) {
		to = schoolDay{(months + 1) / 12, (months+1)%12 + 1, 1}
	}
	return number[to] + p.Days
}

// Whatever day and hour evidence is exported, it is never locked a moment less
// than a calendar says, nor more than three days longer.
func TestNeverADayShort(t *testing.T) {
	days, number := everyDay()
	hours := []time.Duration{0, 1, 12 * time.Hour, 24*time.Hour - 1}
	for _, text := range []string{"P1D", "P28D", "P1M", "P2M", "P3M", "P6M", "P11M30D", "P1Y", "P365D", "P400D", "P18M", "P1Y6M10D", "P2Y", "P4Y", "P5Y", "P7Y", "P10Y", "P74Y", "P99Y11M", "P100Y"} {
		p, err := retention.ParsePeriod(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, from := range days {
			if from.year > 2008 && from.year < 2023 || from.year > 2032 && from.year < 2094 || from.year > 2106 {
				continue
			}
			want := after(p, from, number)
			for i, hour := range hours {
				until := p.From(time.Date(from.year, time.Month(from.month), from.day, 0, 0, 0, 0, time.UTC).Add(hour))
				got := number[schoolDay{until.Year(), int(until.Month()), until.Day()}]
				if i > 0 {
					got-- // part of a day is rounded up
				}
				if got < want || got > want+2 || until != until.Truncate(24*time.Hour) {
					t.Fatalf("%s from %v + %s is until %s: %d days from what the calendar says", p, from, hour, until, got-want)
				}
			}
		}
	}
}

// An instant is the same in every time zone, and so is what is counted from it.
func TestTimeZonesDoNotCount(t *testing.T) {
	for _, start := range []string{"2024-02-29T00:00:00Z", "2024-02-28T23:30:00Z", "2026-03-29T01:30:00Z", "2026-10-25T01:30:00Z", "2026-12-31T23:59:59Z", "2100-02-28T12:00:00Z", "2027-01-01T00:00:00Z"} {
		at, err := time.Parse(time.RFC3339, start)
		if err != nil {
			t.Fatal(err)
		}
		for offset := -12 * 4; offset <= 14*4; offset++ { // by quarters of an hour, as Nepal's
			zone := time.FixedZone(fmt.Sprint(offset), offset*15*60)
			for _, p := range []retention.Period{{Days: 1}, {Months: 1}, {Years: 1}, {Years: 7}} {
				if here, utc := p.From(at.In(zone)), p.From(at); here != utc {
					t.Errorf("%s from %s: until %s, and %s in UTC", p, at.In(zone), here, utc)
				}
			}
		}
	}
}

// DaysLonger against counting from each day of the calendar's cycle.
func TestDaysLonger(t *testing.T) {
	for _, c := range []struct {
		p, q         retention.Period
		fewest, most int
	}{
		{retention.Period{Years: 1}, retention.Period{Days: 365}, 0, 1},
		{retention.Period{Years: 1}, retention.Period{Months: 12}, 0, 0},
		{retention.Period{Years: 7}, retention.Period{Years: 5}, 730, 731},
		{retention.Period{Months: 1}, retention.Period{Days: 30}, -2, 1},
		{retention.Period{Years: 2}, retention.Period{}, 730, 731},
		{retention.Period{Years: 7}, retention.Period{}, 2555, 2557}, // 2555 from March 2096, since 2100 is no leap year
		{retention.Period{Days: 3}, retention.Period{Days: 5}, -2, -2},
		{retention.Period{Years: 100}, retention.Period{}, 36524, 36525},
	} {
		fewest, most := c.p.DaysLonger(c.q)
		if fewest != c.fewest || most != c.most {
			t.Errorf("%s against %s: %d to %d days, want %d to %d", c.p, c.q, fewest, most, c.fewest, c.most)
		}
		low, high := 1<<30, -1<<30
		for day := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() < 2400; day = day.AddDate(0, 0, 1) {
			n := int(c.p.From(day).Sub(c.q.From(day)).Hours()) / 24
			low, high = min(low, n), max(high, n)
		}
		if low != fewest || high != most {
			t.Errorf("%s against %s: %d to %d days, counted day by day %d to %d", c.p, c.q, fewest, most, low, high)
		}
	}
}

func TestWords(t *testing.T) {
	for p, want := range map[retention.Period]string{{Years: 7}: "7 years", {Years: 1, Months: 6}: "1 year, 6 months", {Days: 1}: "1 day", {Days: 400}: "400 days", {}: "no time"} {
		if got := p.Words(); got != want {
			t.Errorf("%s in words: %q, want %q", p, got, want)
		}
	}
}
