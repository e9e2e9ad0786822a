package main

import (
	"errors"

	"github.com/agnivade/levenshtein"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// wrongFlag says of a flag that cannot be read what was probably meant.
func wrongFlag(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		if near := nearestFlag(c, unknown.GetSpecifiedName()); near != "" {
			return wrongUse("%w; did you mean --%s?", err, near)
		}
	case errors.As(err, &invalid):
		if form := formOf(invalid.GetFlag()); form != "" {
			return wrongUse("%w: write %s", err, form)
		}
	}
	return wrongUse("%w", err)
}

// nearestFlag is the flag of a command that is most like a name; empty if none is like it.
func nearestFlag(c *cobra.Command, name string) (near string) {
	best := 3 // as many letters may be wrong, less one
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if d := levenshtein.ComputeDistance(f.Name, name); d < best && d < len(f.Name) {
			near, best = f.Name, d
		}
	})
	return near
}

// formOf is how values of a flag are written, where the error does not say so.
func formOf(f *pflag.Flag) string {
	switch f.Value.Type() {
	case "duration":
		return "30s, 5m or 2h"
	case "int", "int64", "uint64":
		return "a whole number"
	}
	return ""
}
