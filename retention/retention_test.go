package retention_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/retention"
)

func date(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func TestPeriodsOnTheCalendar(t *testing.T) {
	for _, c := range []struct{ period, from, until string }{
		{"P1Y", "2026-08-04T10:22:00Z", "2027-08-05T00:00:00Z"},
		{"P1Y", "2026-08-04T00:00:00Z", "2027-08-04T00:00:00Z"}, // nothing to round
		{"P7Y", "2026-08-04T00:00:00.000000001Z", "2033-08-05T00:00:00Z"},
		{"P1Y", "2028-02-29T00:00:00Z", "2029-03-01T00:00:00Z"}, // never back
		{"P4Y", "2028-02-29T12:00:00Z", "2032-03-01T00:00:00Z"},
		{"P1M", "2026-01-31T00:00:00Z", "2026-03-03T00:00:00Z"},
		{"P2W", "2026-12-25T23:59:59Z", "2027-01-09T00:00:00Z"},
		{"P1D", "2026-08-05T01:00:00+09:00", "2026-08-06T00:00:00Z"}, // 4 August in UTC
		{"P1Y6M10D", "2026-01-01T00:00:00Z", "2027-07-11T00:00:00Z"},
		{"P400D", "2026-01-01T00:00:00Z", "2027-02-05T00:00:00Z"},
	} {
		p, err := retention.ParsePeriod(c.period)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.From(date(c.from)); !got.Equal(date(c.until)) || got.Location() != time.UTC {
			t.Errorf("%s from %s is %s, want %s", c.period, c.from, got, c.until)
		}
	}
}

// A year is a calendar year: seven of them are never short of the day.
func TestSevenYearsAreSevenYears(t *testing.T) {
	at := date("2026-08-04T10:22:00Z")
	if got := retention.Years(7).From(at); got.Before(date("2033-08-04T10:22:00Z")) {
		t.Errorf("seven years end at %s", got)
	}
}

func TestBadPeriods(t *testing.T) {
	for _, s := range []string{
		"", "P", "7Y", "P0D", "P0Y", "-P1Y", "P-1Y", "P1.5Y", "PT1H", "P1YT1S", "P101Y", "P1201M", "P40000D", "P1e9Y", "P99999999999999999999Y", "P1Y1Y1Y" + strings.Repeat("x", 100),
	} {
		if p, err := retention.ParsePeriod(s); err == nil {
			t.Errorf("%q was read as %s", s, p)
		}
	}
}

func FuzzParsePeriod(f *testing.F) {
	for _, s := range []string{"P7Y", "P18M", "P400D", "P2W", "P1Y6M", "P0D", "-P1D", "PT1H"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := retention.ParsePeriod(s)
		if err != nil {
			return
		}
		again, err := retention.ParsePeriod(p.String())
		if err != nil || again != p {
			t.Errorf("%q is %+v, which reads as %+v, %v", s, p, again, err)
		}
		at := date("2026-08-04T10:22:00Z")
		if until := p.From(at); !until.After(at) || until.After(at.AddDate(100, 0, 2)) {
			t.Errorf("%s from %s is %s", p, at, until)
		}
	})
}

func TestNames(t *testing.T) {
	for _, c := range retention.Classes() {
		if got, err := retention.ParseClass(string(c)); err != nil || got != c {
			t.Errorf("class %s: %s, %v", c, got, err)
		}
	}
	for _, m := range retention.Modes() {
		if got, err := retention.ParseMode(string(m)); err != nil || got != m {
			t.Errorf("mode %s: %s, %v", m, got, err)
		}
	}
	for _, bad := range []string{"", "Standard", "forever"} {
		if _, err := retention.ParseClass(bad); !errors.Is(err, retention.ErrUnknown) {
			t.Errorf("class %q: %v", bad, err)
		}
		if _, err := retention.ParseMode(bad); !errors.Is(err, retention.ErrUnknown) {
			t.Errorf("mode %q: %v", bad, err)
		}
	}
}

func randomLock(r *rand.Rand) retention.Lock {
	l := retention.Lock{Mode: retention.Modes()[r.IntN(3)], LegalHold: r.IntN(2) == 0}
	if l.Mode != retention.None {
		l.Until = time.Date(2026+r.IntN(3), 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return l
}

// Stronger is the join of a lattice: it does not matter who comes first, or how
// often, and the result covers both.
func TestStrongerIsAJoin(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		a, b, c := randomLock(r), randomLock(r), randomLock(r)
		ab := retention.Stronger(a, b)
		if ab != retention.Stronger(b, a) || retention.Stronger(a, a) != a || retention.Stronger(ab, c) != retention.Stronger(a, retention.Stronger(b, c)) {
			t.Fatalf("%s, %s, %s", a, b, c)
		}
		if !ab.Covers(a) || !ab.Covers(b) {
			t.Fatalf("%s does not cover %s and %s", ab, a, b)
		}
		if a.Covers(b) && b.Covers(a) && a != b {
			t.Fatalf("%s and %s cover each other", a, b)
		}
		if err := ab.Validate(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLocks(t *testing.T) {
	at := date("2026-08-04T12:00:00Z")
	governed := retention.Lock{Mode: retention.Governance, Until: at}
	if governed.HeldAt(at) || !governed.HeldAt(at.Add(-time.Second)) || !(retention.Lock{LegalHold: true}).HeldAt(at) || (retention.Lock{}).HeldAt(at) {
		t.Error("a lock holds until its date, a hold for ever, no lock never")
	}
	for _, bad := range []retention.Lock{
		{Until: at}, {Mode: retention.None, Until: at}, {Mode: retention.Governance}, {Mode: "x", Until: at}, {Mode: retention.Compliance, Until: at.In(time.FixedZone("", 60))},
	} {
		if err := bad.Validate(); err == nil {
			t.Errorf("%+v is valid", bad)
		}
	}
	for l, want := range map[retention.Lock]string{
		{}:                "no retention",
		{LegalHold: true}: "no retention, legal hold",
		governed:          "governance until 2026-08-04T12:00:00Z",
		retention.Stronger(governed, retention.Lock{LegalHold: true}): "governance until 2026-08-04T12:00:00Z, legal hold",
	} {
		if l.String() != want {
			t.Errorf("%q, want %q", l, want)
		}
	}
}

// Whatever a matrix says, a class further up never yields less than one below, and
// nothing yields more than Longest, but for a hold.
func TestClassesOnlyGrow(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	terms := func() retention.Terms {
		return retention.Terms{Period: retention.Period{Days: 1 + r.IntN(3000)}, Mode: retention.Modes()[r.IntN(3)], LegalHold: r.IntN(3) == 0}
	}
	for range 500 {
		m := retention.Matrix{Standard: terms(), Extended: terms(), Regulated: terms()}
		at := date("2026-08-04T10:22:00Z").AddDate(0, 0, r.IntN(1000))
		var below retention.Lock
		for i, c := range retention.Classes() {
			lock, _ := m.Lock(c, at)
			if err := lock.Validate(); err != nil {
				t.Fatal(err)
			}
			if i > 0 && !lock.Covers(below) {
				t.Fatalf("%+v: %s gets %s, less than the class below, %s", m, c, lock, below)
			}
			withoutHold := lock
			withoutHold.LegalHold = false
			if !m.Longest(at).Covers(withoutHold) {
				t.Fatalf("%+v: %s gets %s, more than the longest, %s", m, c, lock, m.Longest(at))
			}
			below = lock
		}
	}
}

func years(n int, m retention.Mode) retention.Terms {
	return retention.Terms{Period: retention.Years(n), Mode: m}
}

func matrix() retention.Matrix {
	return retention.Matrix{Standard: years(2, retention.Governance), Extended: years(5, retention.Compliance), Regulated: years(7, retention.Compliance)}
}

func TestBadMatrices(t *testing.T) {
	for name, spoil := range map[string]func(m *retention.Matrix){
		"extended":  func(m *retention.Matrix) { m.Extended.Period = retention.Period{} },
		"regulated": func(m *retention.Matrix) { m.Regulated.Mode = "forever" },
		"standard":  func(m *retention.Matrix) { m.Standard.Period = retention.Years(101) },
	} {
		m := matrix()
		spoil(&m)
		if err := m.Validate(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func ExampleMatrix_Lock() {
	m := retention.Matrix{
		Standard:  retention.Terms{Period: retention.Years(2), Mode: retention.Governance},
		Extended:  retention.Terms{Period: retention.Years(5), Mode: retention.Compliance},
		Regulated: retention.Terms{Period: retention.Years(7), Mode: retention.Compliance},
	}
	exportedAt := time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	lock, period := m.Lock(retention.Regulated, exportedAt)
	fmt.Println(lock)
	fmt.Println(period)
	// Output:
	// compliance until 2033-11-24T00:00:00Z
	// P7Y
}
