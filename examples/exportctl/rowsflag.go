package main

import (
	"fmt"
	"strconv"
	"strings"
)

// rowsFlag is a range of rows in a flag: FROM-TO, FROM- for all from there on, or one
// row.
type rowsFlag struct{ from, to int64 }

// String implements pflag.Value.
func (r *rowsFlag) String() string {
	switch {
	case *r == rowsFlag{}:
		return ""
	case r.to == 0:
		return fmt.Sprintf("%d-", r.from)
	}
	return fmt.Sprintf("%d-%d", r.from, r.to)
}

// Set implements pflag.Value.
func (r *rowsFlag) Set(s string) error {
	first, last, open := strings.Cut(s, "-")
	from, err := strconv.ParseInt(first, 10, 64)
	to := from
	if err == nil && open {
		if to = 0; last != "" {
			to, err = strconv.ParseInt(last, 10, 64)
		}
	}
	if err != nil || from < 1 || to != 0 && to < from || open && last == "0" {
		return fmt.Errorf("%q is no range of rows: write 1-5000, 5001- for all from there on, or 42", s)
	}
	*r = rowsFlag{from, to}
	return nil
}

// Type implements pflag.Value.
func (r *rowsFlag) Type() string { return "FROM-TO" }
