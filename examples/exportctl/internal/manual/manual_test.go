package manual_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/manual"
)

func commands() (root, keep *cobra.Command) {
	run := func(*cobra.Command, []string) {}
	root = &cobra.Command{Use: "ctl", Short: "All"}
	policy := &cobra.Command{Use: "policy", Short: "Rules"}
	keep = &cobra.Command{
		Use: "keep THING --why TEXT", Short: "Keep a thing", Run: run,
		Long: "Keep it -- don't lose `it`.\n.A dot; a back\\slash: 5…7.\n\n    $ ctl 'x'\n      y\n\nAgain.\n" +
			"When to use: before\n             it is lost.\nGotchas: it's kept.\nRelated:     policy show, loss --all, for what, if at all, is\n             lost; policy",
		Example: "  ctl keep 'that one'",
	}
	keep.Flags().Int("times", 3, "how many `TIMES`")
	keep.Flags().Bool("now", false, "at once")
	policy.AddCommand(&cobra.Command{Use: "show", Short: "Show it", Run: run})
	root.AddCommand(keep, policy, &cobra.Command{Use: "loss", Short: "Lose", Run: run})
	return root, keep
}

func TestPage(t *testing.T) {
	_, keep := commands()
	const want = `.TH CTL\-KEEP 1 "2026\-08\-04" "ctl v1.2.3" "Holdfast"
.nh
.ad l
.SH NAME
ctl\-keep \- Keep a thing
.SH SYNOPSIS
\fBctl keep\fR \fITHING\fR \fB\-\-why\fR \fITEXT\fR [\fIOPTION\fR...]
.SH DESCRIPTION
Keep it \-\- don\(aqt lose \fBit\fR.
\&.A dot; a back\eslash: 5\[u2026]7.
.PP
.RS 4
.nf
$ ctl \(aqx\(aq
  y
.fi
.RE
.PP
Again.
.SH OPTIONS
Those that all commands share, the environment and the exit statuses are on the page
\fBctl\fR(1).
.TP
\fB\-\-now\fR
at once
.TP
\fB\-\-times\fR \fITIMES\fR
how many TIMES (default 3)
.SH WHEN TO USE
Before
it is lost.
.SH GOTCHAS
It\(aqs kept.
.SH EXAMPLES
.RS 4
.nf
ctl keep \(aqthat one\(aq
.fi
.RE
.SH SEE ALSO
\fBctl\fR(1); \fBctl\-policy\-show\fR(1); \fBctl\-loss\fR(1) \-\-all, for what, if at all, is lost; \fBctl\-policy\fR(1)
`
	if got := string(manual.Render(keep, manual.Edition{Version: "v1.2.3", Date: "2026-08-04"})); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestPageOfAll(t *testing.T) {
	root, _ := commands()
	got := string(manual.Render(root, manual.Edition{}, manual.Chapter{Title: "Exit status", Terms: []manual.Term{{Name: "0", Meaning: "done"}}}))
	for _, part := range []string{"\\fBctl\\-policy\\fR(1)\nRules\n", ".SH EXIT STATUS\n.TP\n\\fB0\\fR\ndone\n", "\\fBctl\\fR \\fICOMMAND\\fR"} {
		if !strings.Contains(got, part) {
			t.Errorf("%q is not in:\n%s", part, got)
		}
	}
	var names []string
	for _, c := range manual.Commands(root) {
		names = append(names, manual.Name(c))
	}
	if !slices.Equal(names, []string{"ctl", "ctl-keep", "ctl-loss", "ctl-policy", "ctl-policy-show"}) {
		t.Error(names)
	}
}
