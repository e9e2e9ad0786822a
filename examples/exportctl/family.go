package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// family makes a command that only holds others. Cobra would greet one that is not there
// with help and exit status 0.
func family(c *cobra.Command, members ...*cobra.Command) *cobra.Command {
	names := each(members, (*cobra.Command).Name)
	c.AddCommand(members...)
	c.ValidArgs = nil
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) > 0 {
			return wrongUse("unknown command %q: %s has %s", args[0], c.CommandPath(), strings.Join(names, ", "))
		}
		return c.Help()
	}
	return c
}
