package main

import (
	"errors"
	"os"

	"github.com/spf13/cobra"

	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
	"github.com/holdfast-archive/holdfast/linkage"
)

func (t *tool) templateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "template FILE...",
		Short: "Check that runbooks and incident forms ask for what leads to the evidence",
		Long: `Template looks for promotion_packet_id, export_batch_id and export_row_id in runbooks
(Markdown or text) and incident forms (GitHub issue forms, YAML). What is lacking is named with
the lines to add, and the exit status is 1. It needs no bucket.

When to use: in the CI of the repository that the runbooks are in.
Related:     link, for which they ask`,
		Example: `  exportctl template runbooks/*.md .github/ISSUE_TEMPLATE/incident.yml`,
		Args:    atLeastOne("a runbook or a form"),
		RunE:    func(_ *cobra.Command, args []string) error { return t.checkTemplates(args) },
	}
}

func (t *tool) checkTemplates(paths []string) error {
	var done checkedTemplates
	lacking := false
	for _, path := range paths {
		x, err := checkTemplate(path)
		if err != nil {
			return err
		}
		done.Templates = append(done.Templates, x)
		lacking = lacking || len(x.Missing) > 0
	}
	if err := t.screen.Show(done, done.draw); err != nil || !lacking {
		return err
	}
	return verdict{exitFindings}
}

// checkTemplate looks at one file.
func checkTemplate(path string) (checkedTemplate, error) {
	x := checkedTemplate{File: path, Missing: []missingField{}}
	f, err := os.Open(path)
	if err != nil {
		return x, err
	}
	defer f.Close()
	var incomplete *linkage.TemplateError
	if err := linkage.CheckTemplate(path, f); err != nil && !errors.As(err, &incomplete) {
		return x, err
	}
	if incomplete != nil {
		for _, m := range incomplete.Missing {
			x.Missing = append(x.Missing, missingField(m))
		}
	}
	return x, nil
}

type checkedTemplates struct {
	Templates []checkedTemplate `json:"templates"`
}

type checkedTemplate struct {
	File    string         `json:"file"`
	Missing []missingField `json:"missing"`
}

// missingField is a linkage.MissingField as JSON.
type missingField struct {
	Field   string `json:"field"`
	Problem string `json:"problem,omitempty"`
	Line    int    `json:"line,omitempty"`
	Add     string `json:"add"`
}

func (c checkedTemplates) draw(p *screen.Page) {
	for _, x := range c.Templates {
		if len(x.Missing) == 0 {
			p.Good("%s", screen.Clean(x.File))
			continue
		}
		p.Bad("%s lacks what leads to the evidence", screen.Clean(x.File))
		for _, m := range x.Missing {
			p.Line("  %s: %s", m.Field, m.where())
			p.Line("%s", m.Add)
		}
	}
}

func (m missingField) where() string {
	switch {
	case m.Line > 0:
		return "line " + screen.Number(int64(m.Line)) + ": " + screen.Clean(m.Problem) + "; add"
	case m.Problem != "":
		return screen.Clean(m.Problem) + "; add"
	}
	return "it is not there; add"
}
