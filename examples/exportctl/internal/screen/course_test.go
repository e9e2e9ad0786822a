package screen

import (
	"strings"
	"testing"
	"time"
)

// A course of 100 things, 10 of them a second, as it is after half of it.
func halfway(unit Unit, of int64) (*course, time.Time) {
	begun := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	c := &course{what: "checking exports", unit: unit, begun: begun, total: of}
	for i := range int64(51) {
		c.done = of * i / 100
		c.look(begun.Add(time.Duration(i) * time.Second))
	}
	return c, begun.Add(50 * time.Second)
}

func TestCourse(t *testing.T) {
	c, now := halfway(Things, 1000)
	if got := c.line(now, 120); got != "checking exports  ━━━━━━━━━━━━┈┈┈┈┈┈┈┈┈┈┈┈   50%  500 of 1000  10/s  50 s left" {
		t.Errorf("%q", got)
	}
	c, now = halfway(Bytes, 100<<30)
	if got := c.line(now, 120); !strings.Contains(got, "50.0 GiB of 100.0 GiB  1.0 GiB/s  50 s left") {
		t.Errorf("%q", got)
	}
}

// A line never reaches the end of the terminal, whatever its width, and says first what is
// done.
func TestCourseFitsTheTerminal(t *testing.T) {
	c, now := halfway(Bytes, 100<<30)
	for width := range 200 {
		got := c.line(now, width)
		if columns(got) >= max(width, 1) {
			t.Errorf("at %d columns it has %d: %q", width, columns(got), got)
		}
		if width > 20 && !strings.HasPrefix(got, "checking exports") {
			t.Errorf("at %d columns: %q", width, got)
		}
	}
}

// What has become slow says so: the rate is that of late.
func TestCourseSlowsDown(t *testing.T) {
	c, now := halfway(Things, 1000)
	for range 20 {
		now = now.Add(time.Second)
		c.done++
		c.look(now)
	}
	if got := c.line(now, 120); !strings.Contains(got, "1.0/s  8 min 00 s left") {
		t.Errorf("%q", got)
	}
}

// What has no end known, or has not begun, promises nothing.
func TestCourseWithoutAnEnd(t *testing.T) {
	begun := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	c := &course{what: "sealing", unit: Things, begun: begun}
	if got := c.line(begun.Add(75*time.Second), 80); got != "sealing  0  1 min 15 s" {
		t.Errorf("%q", got)
	}
	c.total = 10
	if got := c.line(begun.Add(75*time.Second), 80); strings.Contains(got, "left") || !strings.Contains(got, "0 of 10") {
		t.Errorf("%q", got)
	}
	c.done = 12 // of 10: more came than was known
	if got := c.line(begun.Add(75*time.Second), 80); !strings.Contains(got, "100%") || strings.Contains(got, "left") {
		t.Errorf("%q", got)
	}
}
