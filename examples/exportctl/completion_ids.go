package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention"
)

// tabTime is how long a shell waits for a bucket after the tab key.
var tabTime = 2 * time.Second

// newestRows is how many rows are completed: as many as one looks through.
const newestRows = 20

// completeValues has flags completed by what their values are called.
func (t *tool) completeValues(root *cobra.Command) {
	var classes []cobra.Completion
	for _, class := range retention.Classes() {
		classes = append(classes, string(class))
	}
	called := map[string]cobra.CompletionFunc{
		"promotion_packet_id": t.completeKinds(exportlog.PacketIDs),
		"export_batch_id":     t.completeKinds(exportlog.BatchIDs),
		"incident_ticket_id":  t.completeKinds(exportlog.IncidentIDs),
		"rollback_event_id":   t.completeKinds(exportlog.RollbackIDs),
		"export_row_id":       t.completeRows,
		"retention_class":     cobra.FixedCompletions(classes, cobra.ShellCompDirectiveNoFileComp),
	}
	for _, c := range root.Commands() {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			name, _ := pflag.UnquoteUsage(f)
			if complete, ok := called[name]; ok {
				// It fails for a flag that is not there, or has one already.
				_ = c.RegisterFlagCompletionFunc(f.Name, complete)
			}
		})
	}
}

// completeIDs completes the ids by which an export may be named as the first argument.
func (t *tool) completeIDs(c *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return t.completeKinds(exportlog.PacketIDs, exportlog.IncidentIDs, exportlog.RollbackIDs, exportlog.BatchIDs)(c, args, typed)
}

// completeKinds completes ids of some kinds from the log's index.
func (t *tool) completeKinds(kinds ...exportlog.IDKind) cobra.CompletionFunc {
	return func(c *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return t.completeFrom(c, func(ctx context.Context, a *archive.Archive) (all []cobra.Completion) {
			for _, kind := range kinds {
				// What cannot be listed cannot be completed; there is nobody to tell.
				ids, _ := a.Log().IDs(ctx, kind, typed)
				all = append(all, slices.Sorted(slices.Values(ids))...)
			}
			return all
		})
	}
}

// completeRows completes the numbers of the newest rows, the last one first.
func (t *tool) completeRows(c *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	all, _ := t.completeFrom(c, func(ctx context.Context, a *archive.Archive) (all []cobra.Completion) {
		head, err := a.Log().Head(ctx)
		if err != nil {
			return nil
		}
		for row, err := range a.Log().Rows(ctx, head.Size-newestRows+1) {
			number := strconv.FormatInt(row.ExportRowID, 10)
			if err == nil && strings.HasPrefix(number, typed) {
				all = append(all, cobra.CompletionWithDesc(number, fmt.Sprintf("%s %s: %s", row.Kind, row.PromotionPacketID, about(row))))
			}
		}
		slices.Reverse(all)
		return all
	})
	return all, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

// completeFrom completes from the bucket. One that cannot be asked, or does not answer
// soon, completes nothing and says nothing: somebody is typing.
func (t *tool) completeFrom(c *cobra.Command, from func(context.Context, *archive.Archive) []cobra.Completion) ([]cobra.Completion, cobra.ShellCompDirective) {
	if t.begin(c) != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx, cancel := context.WithTimeout(c.Context(), tabTime)
	defer cancel()
	a, err := t.open(ctx, readLog)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer a.Close()
	return oneLined(from(ctx, a)), cobra.ShellCompDirectiveNoFileComp
}

// oneLined drops what would be more than one candidate to the shell.
func oneLined(all []cobra.Completion) []cobra.Completion {
	return slices.DeleteFunc(all, func(s string) bool { return strings.ContainsAny(s, "\n\r\x1b") })
}
