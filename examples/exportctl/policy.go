package main

import (
	"github.com/spf13/cobra"

	"github.com/holdfast-archive/holdfast/retention/policy"
)

// builtIn names the built-in policy where a file's name is asked for.
const builtIn = "default"

func (t *tool) policyCommand() *cobra.Command {
	return family(&cobra.Command{
		Use:   "policy",
		Short: "Show, explain, compare and check the policy: what is exported, and how long it is kept",
		Long: `A policy is a file: which decisions must be exported and how soon, how long each class is kept
and how firmly, which rules give a packet its class, and who may do what. None of these
commands needs a bucket, or writes to one.`,
	}, t.policyShowCommand(), t.policyExplainCommand(), t.policyDiffCommand(), t.policyCompareCommand(),
		t.policyRenderCommand(), t.policyCheckCommand(), t.policySchemaCommand())
}

// loadTwo reads the policies that are to be compared.
func loadTwo(paths []string) (before, after *policy.Policy, err error) {
	if before, err = loadNamed(paths[0]); err != nil {
		return nil, nil, err
	}
	after, err = loadNamed(paths[1])
	return before, after, err
}

func loadNamed(path string) (*policy.Policy, error) {
	if path == builtIn {
		return policy.Default(), nil
	}
	p, err := policy.Load(path)
	if err != nil {
		return nil, usageError{err}
	}
	return p, nil
}
