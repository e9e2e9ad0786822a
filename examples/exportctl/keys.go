package main

import "github.com/spf13/cobra"

func (t *tool) keysCommand() *cobra.Command {
	return family(&cobra.Command{
		Use:   "keys",
		Short: "Make, show and try the keys that sign exports and the log",
		Long: `There are two keys. One signs the manifest of each export: a file, or a key that a key
management service holds and nobody can copy. The other, the log's own, signs checkpoints:
what the log came to at one moment, for witnesses and for proofs.

Whoever verifies needs the public halves alone. Keep those for as long as the evidence, with
the auditors rather than beside the bucket.`,
	}, t.keysCreateCommand(), t.keysShowCommand(), t.keysCheckCommand())
}
