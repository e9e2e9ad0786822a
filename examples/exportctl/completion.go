package main

import (
	"io"

	"github.com/spf13/cobra"
)

// shells are those that cobra writes a script for.
var shells = []string{"bash", "zsh", "fish", "powershell"}

func (t *tool) completionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print a script that has the shell complete commands, flags and ids",
		Long: `Completion prints a script for bash, zsh, fish or powershell. With it the tab key completes
commands, flags, and what is in the bucket: ids of packets, batches, incidents and rollbacks,
and the numbers of the newest rows.

Gotchas:     ids are asked of the bucket, so the shell needs HOLDFAST_BUCKET and the cloud's
             credentials. A bucket that does not answer within two seconds completes nothing.
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
