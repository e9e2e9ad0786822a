package main

import (
	"github.com/spf13/cobra"

	"github.com/holdfast-archive/holdfast/exportlog"
)

// completeIDs completes promotion_packet_ids from the log's index, as the shell asks.
func (t *tool) completeIDs(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 || t.begin(c) != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	a, err := t.open(c.Context(), readLog)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer a.Close()
	// What cannot be listed cannot be completed; there is nobody to tell.
	ids, _ := a.Log().IDs(c.Context(), exportlog.PacketIDs, typed)
	return ids, cobra.ShellCompDirectiveNoFileComp
}
