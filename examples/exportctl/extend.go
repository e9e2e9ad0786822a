package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/retention"
)

func (t *tool) extendCommand() *cobra.Command {
	var s selectionFlags
	var x archive.Extension
	var class string
	var dryRun bool
	c := &cobra.Command{
		Use:   "extend --reason TEXT",
		Short: "Keep exports longer, as the policy in force wants it or as another class",
		Long: `Extend lengthens the locks of the exports chosen to what the policy in force gives them, counted
from the day of their export, and says so in a row for each. Nothing is ever shortened.

It can be interrupted at any point: the same command again goes on.

When to use: when the policy became longer, or stricter: reclassify says whom that concerns.
Gotchas:     what is locked longer stays locked. Without --objects the log is believed, and a lock that
             the bucket has lost is not looked for. --class chooses exports; --to-class is what they become.
Related:     reclassify, radar, policy diff`,
		Example: `  exportctl extend --all --policy policy-2027.yaml --reason "policy of 2027"
  exportctl extend --incident INC-2888 --to-class regulated --reason "asked for by the regulator"
  exportctl extend --packet pp-20260811-PAYMENTS-0027 --objects --reason "radar: an object is under no lock"`,
		Args: none,
		RunE: func(c *cobra.Command, _ []string) error {
			if x.Reason == "" {
				return wrongUse("why? Give --reason TEXT")
			}
			if class != "" {
				parsed, err := retention.ParseClass(class)
				if err != nil {
					return usageError{err}
				}
				x.RetentionClass = parsed
			}
			return t.change(c.Context(), &s, dryRun, "extended", func(ctx context.Context, a *archive.Archive, sel archive.Selection, watch func(archive.ChangeReport)) (archive.ChangeReport, error) {
				watched := x
				watched.Progress = watch
				return a.Extend(ctx, sel, watched)
			})
		},
	}
	s.add(c.Flags())
	c.Flags().StringVar(&class, "to-class", "", "keep them as this `retention_class` (default: as the policy classifies each packet)")
	c.Flags().BoolVar(&x.Objects, "objects", false, "look at the lock of every object too, a request for each, and mend those under less than was promised")
	c.Flags().StringVar(&x.Reason, "reason", "", "why: a `TEXT`")
	c.Flags().StringVar(&x.By, "by", "", "`ROLE/NAME` of who says so (default: --operator)")
	c.Flags().BoolVar(&dryRun, "dry-run", false, "list the exports that are meant; change nothing")
	return c
}
