package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
	"github.com/holdfast-archive/holdfast/retention/policy"
)

func (t *tool) policyCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE",
		Short: "Say all that is wrong in a policy file, by line, and what to do about it",
		Long: `Check reads a policy file as exports will, rules included, and lists every problem at once.
The exit status is 2 if there is one.

When to use: in the pipeline of the repository that the policy lies in.
Related: policy schema, which has an editor say the same while you type; policy diff`,
		Example: `  exportctl policy check policy.yaml`,
		Args:    exactlyOne("a policy file"),
		RunE: func(_ *cobra.Command, args []string) error {
			checked := checkedPolicy{File: args[0], Problems: []policyProblem{}}
			p, err := policy.Load(args[0])
			var bad *policy.FileError
			switch {
			case errors.As(err, &bad):
				checked.add(bad.Problems)
			case err != nil:
				return usageError{err}
			default:
				checked.SHA256 = p.SHA256()
			}
			if err := t.screen.Show(checked, checked.draw); err != nil {
				return err
			}
			if len(checked.Problems) > 0 {
				return verdict{exitWrongUse}
			}
			return nil
		},
	}
}

func (t *tool) policySchemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of policy files, for editors",
		Long: `Schema prints the JSON Schema (draft 2020-12) that a policy file is checked against. An editor
that is given it completes the file, and explains each field. For those with the YAML language
server, put its path into the file's first line:

    # yaml-language-server: $schema=policy.schema.json`,
		Example: `  exportctl policy schema > policy.schema.json`,
		Args:    none,
		RunE: func(*cobra.Command, []string) error {
			_, err := io.WriteString(t.screen.Out, policy.Schema)
			return err
		},
	}
}

// checkedPolicy is a policy file, and all that is wrong in it.
type checkedPolicy struct {
	File     string          `json:"file"`
	SHA256   string          `json:"policy_sha256,omitempty"` // of one without problems
	Problems []policyProblem `json:"problems"`
}

type policyProblem struct {
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Field   string `json:"field,omitempty"`
	Problem string `json:"problem"`
	Fix     string `json:"fix,omitempty"`
}

func (c *checkedPolicy) add(problems []policy.Problem) {
	for _, p := range problems {
		c.Problems = append(c.Problems, policyProblem{Line: p.Line, Column: p.Column, Field: p.Field, Problem: p.Problem, Fix: p.Fix})
	}
}

func (c checkedPolicy) draw(p *screen.Page) {
	if len(c.Problems) == 0 {
		p.Good("%s is a policy  %s", screen.Clean(c.File), p.Dim("policy_sha256 "+c.SHA256))
		return
	}
	for _, x := range c.Problems {
		at := screen.Clean(c.File)
		if x.Line > 0 {
			at += fmt.Sprintf(":%d:%d", x.Line, x.Column)
		}
		p.Bad("%s  %s", at, p.Bold(screen.Clean(x.Field)))
		p.Line("  %s", screen.Clean(x.Problem))
		if x.Fix != "" {
			p.Line("  → %s", screen.Clean(x.Fix))
		}
	}
}
