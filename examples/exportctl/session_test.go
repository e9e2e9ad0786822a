package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/policy"
)

// Two of the sample packets.
const payments, economy = "pp-20260805-ギルド-0006", "pp-20260804-ECONOMY-0001"

func (s session) write(name, text string) string {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// policyWith writes a policy that keeps standard exports for some years.
func (s session) policyWith(name string, years int) string {
	s.t.Helper()
	f := policy.Default().File()
	terms := f.Classes[retention.Standard]
	terms.Period = retention.Years(years)
	f.Classes[retention.Standard] = terms
	b, err := json.Marshal(f) // which is YAML
	if err != nil {
		s.t.Fatal(err)
	}
	return s.write(name, string(b))
}

// rewrite changes the one file of a pattern, as somebody does who owns the bucket's files.
func (s session) rewrite(pattern string, change func(string) string) {
	s.t.Helper()
	found, err := filepath.Glob(filepath.Join(s.dir, pattern))
	if err != nil || len(found) != 1 {
		s.t.Fatal(pattern, found, err)
	}
	b, err := os.ReadFile(found[0])
	if err := errors.Join(err, os.Chmod(found[0], 0o644), os.WriteFile(found[0], []byte(change(string(b))), 0o644)); err != nil {
		s.t.Fatal(err)
	}
}

// says checks that a text has each of some parts.
func (s session) says(text string, parts ...string) {
	s.t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			s.t.Errorf("%q is not in:\n%s", part, text)
		}
	}
}
