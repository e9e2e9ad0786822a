package main

import (
	"context"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
)

// tool is one run of exportctl: where it reads and writes, and what the flags say that
// all commands share.
type tool struct {
	in     io.Reader
	screen *screen.Screen
	shared settings
	end    context.CancelFunc // of the command's context
}

// settings are the flags that all commands share. Each can be given in the environment
// as well: --bucket as HOLDFAST_BUCKET, and so on.
type settings struct {
	bucket   string
	key      string
	trust    []string
	logKey   string
	policy   string
	operator string
	spool    string
	timeout  time.Duration
	unlocked bool
	verbose  bool
}

func newTool(in io.Reader, out, errs io.Writer) *tool {
	return &tool{in: in, screen: screen.New(out, errs), end: func() {}}
}

// The groups that the commands are listed in.
const (
	releasing = "releasing"
	oncall    = "on call"
	auditing  = "auditing"
	keeping   = "keeping"
	settingUp = "setting up"
)

// purpose is what the program is for.
const purpose = `Exportctl keeps what a production promotion was decided on: in a write-once bucket,
locked for as long as the policy says, signed, and logged; and it finds and proves it when
the promotion goes wrong.

Say once which bucket and which keys, in the environment or as flags:

    export HOLDFAST_BUCKET='s3://release-evidence?region=eu-west-1'   # or gs://, azblob://, file:///
    export HOLDFAST_KEY=holdfast.key HOLDFAST_OPERATOR=release-ops/pipeline-42
    exportctl doctor

Results go to standard output, as JSON with --json; everything else goes to standard error.
`

func (t *tool) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "exportctl",
		Short:         "Evidence of production promotions, in a write-once bucket",
		Long:          purpose + "\nAn exit status always means the same:\n\n" + exitTable(),
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(c *cobra.Command, _ []string) error {
			if err := t.begin(c); err != nil {
				return err
			}
			var ctx context.Context
			ctx, t.end = t.bounded(c.Context())
			c.SetContext(ctx)
			return nil
		},
	}
	root.SetFlagErrorFunc(wrongFlag)
	t.sharedFlags(root.PersistentFlags())
	root.AddGroup(
		&cobra.Group{ID: releasing, Title: "When releasing:"},
		&cobra.Group{ID: oncall, Title: "On call:"},
		&cobra.Group{ID: auditing, Title: "For audits:"},
		&cobra.Group{ID: keeping, Title: "To keep evidence well:"},
		&cobra.Group{ID: settingUp, Title: "To set up:"},
	)
	for _, group := range []struct {
		id       string
		commands []*cobra.Command
	}{
		{releasing, []*cobra.Command{t.exportCommand()}},
		{oncall, []*cobra.Command{t.findCommand(), t.showCommand(), t.linkCommand(), t.proveCommand(), t.lineageCommand(), t.rehearseCommand(), t.templateCommand()}},
		{auditing, []*cobra.Command{t.verifyCommand(), t.confirmCommand(), t.compareCommand(), t.coverageCommand(), t.packCommand(), t.reconcileCommand(), t.figuresCommand(), t.csvCommand(), t.correctCommand(), t.deliverCommand()}},
		{keeping, []*cobra.Command{
			t.holdCommand(), t.releaseCommand(), t.reviewHoldsCommand(), t.extendCommand(), t.reclassifyCommand(),
			t.radarCommand(), t.replicateCommand(), t.checkpointCommand(), t.sealCommand(), t.pendingCommand(), t.flushCommand(),
		}},
		{settingUp, []*cobra.Command{t.doctorCommand(), t.keysCommand(), t.policyCommand(), t.completionCommand(), t.manCommand()}},
	} {
		for _, c := range group.commands {
			c.GroupID = group.id
			root.AddCommand(c)
		}
	}
	root.SetHelpCommandGroupID(settingUp)
	t.completeValues(root)
	return root
}

func (t *tool) sharedFlags(f *pflag.FlagSet) {
	s := &t.shared
	f.StringVarP(&s.bucket, "bucket", "b", "", "the `URL` of the bucket: s3://…, gs://…, azblob://… or file:///…")
	f.StringVarP(&s.key, "key", "k", "", "what signs: a private key's `FILE`; awskms://, gcpkms://, azurekms:// or hashivault://; or keyless:github, keyless:env:NAME, keyless:file:PATH")
	f.StringSliceVar(&s.trust, "trust", nil, "who is trusted: public keys' `FILE`s, or a trust.yaml (default: the key that signs)")
	f.StringVar(&s.logKey, "log-key", "", "the log's own key, for checkpoints: the private `FILE` to sign, the .pub to verify")
	f.StringVarP(&s.policy, "policy", "p", "", "the policy's `FILE` (default: the built-in one)")
	f.StringVarP(&s.operator, "operator", "o", "", "export_operator_ack, `ROLE/NAME`: who answers for what is written")
	f.StringVar(&s.spool, "spool", "", "`DIR` in which packets wait while the bucket or the key cannot be reached")
	f.DurationVar(&s.timeout, "timeout", 0, "give up after this `SPAN`, as 30s, whatever is done by then; with --spool an export then waits there (default: as long as the bucket answers; 30s with --spool)")
	f.BoolVar(&s.unlocked, "unsafe-without-locks", false, "export to a bucket that cannot lock; each manifest says so")
	f.BoolVar(&t.screen.JSON, "json", false, "results as JSON")
	f.BoolVarP(&t.screen.Quiet, "quiet", "q", false, "no remarks and no progress")
	f.BoolVarP(&s.verbose, "verbose", "v", false, "say on standard error what is done")
}

// begin completes the flags from the environment before a command runs, and refuses those
// that do not go together.
func (t *tool) begin(c *cobra.Command) error {
	var bad error
	c.Flags().VisitAll(func(f *pflag.Flag) {
		value := os.Getenv(variable(f.Name)) // one that is empty, as pipelines have them, is none
		if value == "" || f.Changed || c.Root().PersistentFlags().Lookup(f.Name) == nil {
			return
		}
		if err := c.Flags().Set(f.Name, value); err != nil {
			bad = wrongUse("%s in the environment: %w", variable(f.Name), wrongFlag(c, err))
		}
	})
	if bad == nil {
		bad = together(c)
	}
	level := slog.LevelWarn
	if t.shared.verbose {
		level = slog.LevelDebug
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(t.screen.Err, &slog.HandlerOptions{Level: level})))
	return bad
}

// variable is what a shared flag is called in the environment.
func variable(flag string) string {
	return "HOLDFAST_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}
