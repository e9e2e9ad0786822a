package main

import (
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

// atLeastOne is cobra.MinimumNArgs(1) that says what is missing.
func atLeastOne(what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return wrongUse("it needs %s", what)
		}
		return nil
	}
}

// exactlyOne is cobra.ExactArgs(1) that says what is missing.
func exactlyOne(what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return wrongUse("it needs %s", what)
		}
		return nil
	}
}

// atMostOne is cobra.MaximumNArgs(1) that says what there is too much of.
func atMostOne(what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > 1 {
			return wrongUse("it takes one %s, and was given %q as well", what, args[1])
		}
		return nil
	}
}

// none refuses arguments.
func none(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return wrongUse("it takes no arguments, and was given %q", args[0])
	}
	return nil
}

// Of cobra's errors of flags that go together or exclude each other, what names the flags.
var (
	excluding = regexp.MustCompile(`none of the others can be; \[(.*)\] were all set`)
	lacking   = regexp.MustCompile(`in the group \[(.*)\] are set they must all be set; missing`)
)

// together refuses flags that do not go together. Cobra would do so later, in other words.
func together(c *cobra.Command) error {
	err := c.ValidateFlagGroups()
	if err == nil {
		return nil
	}
	if named := excluding.FindStringSubmatch(err.Error()); named != nil {
		return wrongUse("give only one of %s", flagNames(named[1], " and "))
	}
	if named := lacking.FindStringSubmatch(err.Error()); named != nil {
		return wrongUse("%s go together: give both", flagNames(named[1], " and "))
	}
	return usageError{err}
}

func flagNames(names, between string) string {
	return "--" + strings.Join(strings.Fields(names), between+"--")
}
