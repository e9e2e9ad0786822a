// Exportctl is the command line of Holdfast: what a release engineer, whoever is on call,
// and an auditor do with a bucket of evidence, without a program of their own.
//
//	exportctl export packets/pp-20260804-ECONOMY-0001
//	exportctl link --packet pp-20260804-ECONOMY-0001 --incident INC-2888 --ack "incident-commander: on-call lead" …
//	exportctl verify
//
// It is built on the public API alone: package archive and those beside it.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// The first signal ends what is under way in good order; a second one, at once.
	ctx, restore := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, restore)
	out, errs, err := hush()
	if err != nil {
		fmt.Fprintln(os.Stderr, "exportctl:", err)
		os.Exit(exitUnfinished)
	}
	os.Exit(run(ctx, os.Args[1:], os.Stdin, out, errs))
}

// run runs one command line and returns its exit status.
func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	t := newTool(in, out, errs)
	root := t.rootCommand()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errs)
	command, err := root.ExecuteContextC(ctx)
	defer func() { t.end() }()
	return t.conclude(ctx, command, err)
}
