package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/holdfast-archive/holdfast/exportlog"
)

// shells are those that cobra writes a script for.
var shells = []string{"bash", "zsh", "fish", "powershell"}

func (t *tool) completionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print a script that has the shell complete commands, flags and ids",
		Long: `Completion prints a script for bash, zsh, fish or powershell. With it the tab key completes
commands and flags, and after show, find, confirm, prove, lineage and pack the ids of packets that are in
the bucket.

Gotchas:     ids are asked of the bucket, so the shell needs what the commands need: HOLDFAST_BUCKET
             and the cloud's credentials. A bucket that does not answer completes nothing.
             bash needs the package bash-completion.
Related:     man, for the manual pages`,
		Example: `  source <(exportctl completion bash)
  exportctl completion bash > /etc/bash_completion.d/exportctl
  exportctl completion zsh > "${fpath[1]}/_exportctl"`,
		Args:      exactlyOne("a shell: bash, zsh, fish or powershell"),
		ValidArgs: shells,
		RunE:      func(c *cobra.Command, args []string) error { return writeCompletion(c.Root(), args[0], t.screen.Out) },
	}
}

func writeCompletion(root *cobra.Command, shell string, w io.Writer) error {
	switch shell {
	case "bash":
		return root.GenBashCompletionV2(w, true)
	case "zsh":
		return root.GenZshCompletion(w)
	case "fish":
		return root.GenFishCompletion(w, true)
	case "powershell":
		return root.GenPowerShellCompletionWithDesc(w)
	}
	return wrongUse("completion for bash, zsh, fish or powershell, and not %q", shell)
}

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
