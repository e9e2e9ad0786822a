package main

import "github.com/spf13/cobra"

// atLeastOne is cobra.MinimumNArgs(1) that says what is missing.
func atLeastOne(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return wrongUse("%s needs %s", c.CommandPath(), what)
		}
		return nil
	}
}

// exactlyOne is cobra.ExactArgs(1) that says what is missing.
func exactlyOne(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != 1 {
			return wrongUse("%s needs %s", c.CommandPath(), what)
		}
		return nil
	}
}

// none refuses arguments.
func none(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return wrongUse("%s takes no arguments, and was given %q", c.CommandPath(), args[0])
	}
	return nil
}
