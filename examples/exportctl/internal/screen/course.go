package screen

import (
	"fmt"
	"strings"
	"time"
)

// Unit is what progress is counted in: how a number of it is written.
type Unit func(int64) string

// The units.
var (
	Things Unit = Number
	Bytes  Unit = Size
)

// recent is how far back the rate looks: a sweep that has become slower says so.
const recent = 10 * time.Second

// course is how far something has come, and how it got there.
type course struct {
	what        string
	unit        Unit
	begun       time.Time
	done, total int64 // a total of 0 is not known
	seen        []sighting
}

type sighting struct {
	at   time.Time
	done int64
}

// look remembers how far it is now, for the rate.
func (c *course) look(now time.Time) {
	c.seen = append(c.seen, sighting{now, c.done})
	for len(c.seen) > 2 && now.Sub(c.seen[1].at) >= recent {
		c.seen = c.seen[1:]
	}
}

// rate is how much was done in a second of late.
func (c *course) rate(now time.Time) float64 {
	since, from := c.begun, int64(0)
	if len(c.seen) > 1 && now.Sub(c.begun) > recent {
		since, from = c.seen[0].at, c.seen[0].done
	}
	if took := now.Sub(since).Seconds(); took > 0 && c.done > from {
		return float64(c.done-from) / took
	}
	return 0
}

// gap is between two parts of the line.
const gap = "  "

// How long the bar itself is, as there is room.
const (
	longestBar  = 24
	shortestBar = 8
)

// line is what is shown, in a width: first of all what is done, then how far it is; what
// has no room is left out. The last column stays free, where some terminals wrap.
func (c *course) line(now time.Time, width int) string {
	parts := []string{c.what, c.amount()}
	if rate := c.rate(now); rate > 0 {
		parts = append(parts, pace(rate, c.unit)+"/s")
		if left := c.left(rate); left != "" {
			parts = append(parts, left)
		}
	}
	if len(parts) == 2 || c.total <= 0 {
		parts = append(parts, short(now.Sub(c.begun)))
	}
	if c.total > 0 {
		part := min(float64(c.done)/float64(c.total), 1)
		parts = append(parts[:1], append([]string{fmt.Sprintf("%3.0f%%", 100*part)}, parts[1:]...)...)
		room := width - 1 - columns(strings.Join(parts, gap)) - len(gap)
		if room >= shortestBar {
			parts = append([]string{c.what, drawn(part, min(room, longestBar))}, parts[1:]...)
		}
	}
	for !fits(parts, width) && len(parts) > 1 {
		parts = parts[:len(parts)-1]
	}
	if !fits(parts, width) {
		return ""
	}
	return strings.Join(parts, gap)
}

func fits(parts []string, width int) bool { return columns(strings.Join(parts, gap)) < width }

func (c *course) amount() string {
	if c.total <= 0 {
		return c.unit(c.done)
	}
	return c.unit(c.done) + " of " + c.unit(c.total)
}

// left is how long the rest takes at this rate.
func (c *course) left(rate float64) string {
	if c.total <= c.done {
		return ""
	}
	seconds := float64(c.total-c.done) / rate
	if seconds > (1000 * time.Hour).Seconds() {
		return "" // who knows
	}
	return short(max(time.Duration(seconds*float64(time.Second)), time.Second)) + " left"
}

// pace is a rate for a person: what is slow keeps a digit.
func pace(rate float64, unit Unit) string {
	if rate < 10 {
		return fmt.Sprintf("%.1f", rate)
	}
	return unit(int64(rate))
}

// drawn is the bar, of a length.
func drawn(part float64, length int) string {
	full := int(part * float64(length))
	return strings.Repeat("━", full) + strings.Repeat("┈", length-full)
}

// short is a time in its two largest units: 1 h 05 min, 3 min 20 s, 7 s.
func short(d time.Duration) string {
	d = d.Round(time.Second)
	switch h, m, s := int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60; {
	case h > 0:
		return fmt.Sprintf("%d h %02d min", h, m)
	case m > 0:
		return fmt.Sprintf("%d min %02d s", m, s)
	default:
		return fmt.Sprintf("%d s", s)
	}
}
