package main

import (
	"context"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
	"github.com/holdfast-archive/holdfast/linkage"
)

type deliverFlags struct {
	to, source, cursor string
	headers            []string
}

func (t *tool) deliverCommand() *cobra.Command {
	var f deliverFlags
	c := &cobra.Command{
		Use:   "deliver --to URL --source URI --cursor FILE",
		Short: "Send the log's new rows to a URL, as CloudEvents",
		Long: `Deliver posts an event for every row since the last time, in the order of the log, and keeps
in the cursor's file how far it came. A receiver gets each row at least once, with the same id.

When to use: from a schedule, or after each export.
Gotchas:     the source names the log for good: receivers know rows by source and number.
             --timeout bounds the tries of one event; without it that is a minute.
Related:     csv --jsonl, for a file`,
		Example: `  exportctl deliver --to https://events.example.com/in --source https://evidence.example.com/release \
      --cursor /var/lib/holdfast/delivered --header 'Authorization: Bearer $TOKEN'`,
		Args: none,
		RunE: func(c *cobra.Command, _ []string) error { return t.deliver(c.Context(), f) },
	}
	flags := c.Flags()
	flags.StringVar(&f.to, "to", "", "the `URL` to post to")
	flags.StringVar(&f.source, "source", "", "a `URI` that names the log")
	flags.StringVar(&f.cursor, "cursor", "", "the `FILE` that says how far it came; it is made at the first time")
	flags.StringArrayVar(&f.headers, "header", nil, "'`NAME: VALUE`', sent with each; $NAME in it is taken from the environment")
	return c
}

func (t *tool) deliver(ctx context.Context, f deliverFlags) error {
	if f.to == "" || f.source == "" || f.cursor == "" {
		return wrongUse("deliver needs --to URL, --source URI and --cursor FILE")
	}
	header, err := headersOf(f.headers)
	if err != nil {
		return err
	}
	a, err := t.open(ctx, readLog)
	if err != nil {
		return err
	}
	defer a.Close()
	bar := t.screen.Progress("delivering", 0, screen.Things)
	sink := watchedSink{linkage.HTTPSink{URL: f.to, Header: header}, bar}
	sent, err := linkage.New(a).Deliver(ctx, f.source, sink, linkage.FileCursor(f.cursor))
	bar.Close()
	done := struct {
		Sent int `json:"sent"`
	}{sent}
	if shown := t.screen.Show(done, func(p *screen.Page) {
		mark := p.Good
		if err != nil {
			mark = p.Mind
		}
		mark("%s delivered", screen.Count(sent, "row"))
	}); shown != nil {
		return shown
	}
	return err
}

// headersOf reads headers; secrets in them come from the environment, where the list of
// processes does not show them.
func headersOf(lines []string) (http.Header, error) {
	header := http.Header{}
	for _, line := range lines {
		name, value, found := strings.Cut(line, ":")
		if !found || strings.TrimSpace(name) == "" {
			return nil, wrongUse("--header %q: write 'NAME: VALUE'", line)
		}
		header.Add(strings.TrimSpace(name), strings.TrimSpace(os.ExpandEnv(value)))
	}
	return header, nil
}

// watchedSink has a bar told what is sent.
type watchedSink struct {
	linkage.Sink
	bar *screen.Bar
}

func (s watchedSink) Send(ctx context.Context, e linkage.CloudEvent) error {
	err := s.Sink.Send(ctx, e)
	if err == nil {
		s.bar.Add(1)
	}
	return err
}
