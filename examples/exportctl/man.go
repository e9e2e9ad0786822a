package main

import (
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/manual"
	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
)

func (t *tool) manCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write the manual pages, one a command",
		Long: `Man writes what --help says as pages for man(1) into a directory, which is made if it is not
there. Pages that it wrote before are replaced. The same program writes the same bytes.

When to use: when exportctl is installed or packaged.
Gotchas:     man finds pages in the directories man1 of $MANPATH; with -l it takes any file.
Related:     completion, for the shell`,
		Example: `  exportctl man ~/.local/share/man/man1 && man exportctl-link
  exportctl man pages && man -l pages/exportctl.1`,
		Args: exactlyOne("a directory to write the pages into"),
		RunE: func(c *cobra.Command, args []string) error {
			written, err := writeManual(c.Root(), args[0])
			if err != nil {
				return err
			}
			return t.screen.Show(written, func(p *screen.Page) {
				p.Good("%d pages are in %s", len(written.Pages), screen.Clean(written.Output))
				p.Line("  %s", p.Dim("man -l "+shellWord(filepath.Join(args[0], written.Pages[0]))))
			})
		},
	}
}

// manualPages are the manual pages that were written.
type manualPages struct {
	Output string   `json:"output"`
	Pages  []string `json:"pages"`
}

func writeManual(root *cobra.Command, dir string) (manualPages, error) {
	written := manualPages{Output: place(dir)}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return written, err
	}
	root.Long = purpose // the exit statuses have a chapter
	for _, c := range manual.Commands(root) {
		var chapters []manual.Chapter
		if c == root {
			chapters = []manual.Chapter{exitChapter(), environmentChapter(root.PersistentFlags())}
		}
		page := manual.Name(c) + ".1"
		if err := os.WriteFile(filepath.Join(dir, page), manual.Render(c, edition(), chapters...), 0o644); err != nil {
			return written, err
		}
		written.Pages = append(written.Pages, page)
	}
	return written, nil
}

func exitChapter() manual.Chapter {
	chapter := manual.Chapter{Title: "Exit status"}
	for _, e := range exitMeanings {
		chapter.Terms = append(chapter.Terms, manual.Term{Name: strconv.Itoa(e.status), Meaning: e.meaning})
	}
	return chapter
}

// environmentChapter lists what is read from the environment: every shared flag, and what
// is no flag.
func environmentChapter(shared *pflag.FlagSet) manual.Chapter {
	c := manual.Chapter{Title: "Environment", Lead: "Every option above can be set in the environment. What the command line says comes first."}
	shared.VisitAll(func(f *pflag.Flag) {
		c.Terms = append(c.Terms, manual.Term{Name: variable(f.Name), Meaning: "as --" + f.Name})
	})
	for _, name := range passwords {
		c.Terms = append(c.Terms, manual.Term{Name: name, Meaning: "the password of an encrypted key, which can be empty"})
	}
	c.Terms = append(c.Terms,
		manual.Term{Name: "NO_COLOR", Meaning: "if it is not empty: no colour on the terminal"},
		manual.Term{Name: "AWS_…, GOOGLE_…, AZURE_…", Meaning: "credentials for the bucket and for key management services, as those clouds' own tools take them"},
	)
	return c
}

// edition is what the build knows of itself: never the day on which it runs.
func edition() manual.Edition {
	e := manual.Edition{Version: version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return e
	}
	for _, s := range info.Settings {
		if at, err := time.Parse(time.RFC3339, s.Value); s.Key == "vcs.time" && err == nil {
			e.Date = at.UTC().Format(time.DateOnly)
		}
	}
	return e
}
