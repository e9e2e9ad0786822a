package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// spanFlag is a length of time in a flag: days, as 90d, or as Go writes durations.
type spanFlag struct{ time.Duration }

// maxDays is what fits into a time.Duration.
const maxDays = 100_000

// String implements pflag.Value.
func (s *spanFlag) String() string {
	if s.Duration == 0 {
		return ""
	}
	return s.Duration.String()
}

// Set implements pflag.Value.
func (s *spanFlag) Set(text string) error {
	var err error
	if days, isDays := strings.CutSuffix(text, "d"); isDays {
		var n int
		n, err = strconv.Atoi(days)
		if err == nil && n > maxDays {
			err = strconv.ErrRange
		}
		s.Duration = time.Duration(n) * 24 * time.Hour
	} else {
		s.Duration, err = time.ParseDuration(text)
	}
	if err != nil || s.Duration <= 0 {
		return fmt.Errorf("%q is no length of time: write 90d, or 12h", text)
	}
	return nil
}

// Type implements pflag.Value.
func (s *spanFlag) Type() string { return "SPAN" }
