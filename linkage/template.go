package linkage

import (
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
)

// MaxTemplateBytes bounds a template.
const MaxTemplateBytes = 1 << 20

// ErrBadTemplate: a template cannot be read.
var ErrBadTemplate = errors.New("bad template")

// ErrTemplateIncomplete: a template lacks a field that leads to the evidence.
var ErrTemplateIncomplete = errors.New("the template is incomplete")

// requiredFields lead from a runbook or an incident to the evidence.
var requiredFields = []struct{ name, what string }{
	{"promotion_packet_id", "the packet that authorised what is live"},
	{"export_batch_id", "the batch whose signed manifest it is in"},
	{"export_row_id", "its row in the export log"},
}

// MissingField is a field that a template lacks.
type MissingField struct {
	Field   string // promotion_packet_id, export_batch_id or export_row_id
	Problem string // why what is there does not count, if anything is
	Line    int    // where that stands; 0 for nowhere
	Add     string // what to add, in the template's own format
}

// TemplateError lists the fields that a template lacks. It matches
// [ErrTemplateIncomplete].
type TemplateError struct {
	Name    string
	Missing []MissingField
}

func (e *TemplateError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %v", e.Name, ErrTemplateIncomplete)
	for _, m := range e.Missing {
		fmt.Fprintf(&b, "\n%s", e.Name)
		if m.Line > 0 {
			fmt.Fprintf(&b, ":%d", m.Line)
		}
		problem := m.Problem
		if problem == "" {
			problem = "it is not there"
		}
		fmt.Fprintf(&b, ": %s: %s; add:\n%s", m.Field, problem, m.Add)
	}
	return b.String()
}

// Is matches ErrTemplateIncomplete.
func (e *TemplateError) Is(target error) bool { return target == ErrTemplateIncomplete }

// CheckTemplate tells a CI job whether a runbook or an incident template asks for what
// leads to the evidence: promotion_packet_id, export_batch_id and export_row_id. What is
// lacking is a [TemplateError] that names it, and the line to add; a template that
// cannot be read, or takes more than [MaxTemplateBytes], is [ErrBadTemplate].
//
// The name decides the format. In Markdown (.md, .markdown) each field must stand in the
// text, and not in a comment, which nobody sees. In a GitHub issue form (.yml, .yaml with
// a body) it must be an input, by its id or its label, and promotion_packet_id must be
// required. Anything else is plain text, other YAML without its comments.
func CheckTemplate(name string, r io.Reader) error {
	content, err := io.ReadAll(io.LimitReader(r, MaxTemplateBytes+1))
	if err != nil {
		return fmt.Errorf("linkage: check template %s: %w", name, err)
	}
	if len(content) > MaxTemplateBytes {
		return fmt.Errorf("linkage: check template %s: %w: it is larger than %d bytes", name, ErrBadTemplate, MaxTemplateBytes)
	}
	if !utf8.Valid(content) {
		return fmt.Errorf("linkage: check template %s: %w: it is not UTF-8", name, ErrBadTemplate)
	}
	missing, err := missingFields(name, string(content))
	if err != nil {
		return fmt.Errorf("linkage: check template %s: %w: %w", name, ErrBadTemplate, err)
	}
	if len(missing) > 0 {
		return &TemplateError{Name: name, Missing: missing}
	}
	return nil
}

func missingFields(name, content string) ([]MissingField, error) {
	switch strings.ToLower(path.Ext(name)) {
	case ".md", ".markdown":
		return missingInText(hideComments(content), func(field, what string) string {
			return fmt.Sprintf("- **%s** (`%s`): ", what, field)
		}), nil
	case ".yml", ".yaml":
		var form issueForm
		if err := yaml.Unmarshal([]byte(content), &form); err != nil {
			return nil, err
		}
		if len(form.Body) > 0 {
			return form.missing(), nil
		}
		content = yamlComment.ReplaceAllString(content, "")
		return missingInText(content, func(field, _ string) string { return field + ":" }), nil
	}
	return missingInText(content, func(field, _ string) string { return field + ":" }), nil
}

var (
	htmlComment = regexp.MustCompile(`(?s)<!--.*?(-->|$)`)
	yamlComment = regexp.MustCompile(`(?m)(^|\s)#.*$`)
	wordBreaks  = regexp.MustCompile(`[^\pL\pN]+`)
)

// hideComments blanks what a reader of the page does not see, and keeps the lines.
func hideComments(markdown string) string {
	return htmlComment.ReplaceAllStringFunc(markdown, func(comment string) string { return strings.Repeat("\n", strings.Count(comment, "\n")) })
}

// missingInText looks for each field as a word of its own.
func missingInText(text string, add func(field, what string) string) []MissingField {
	var missing []MissingField
	for _, f := range requiredFields {
		if regexp.MustCompile(`(^|[^\pL\pN_])` + f.name + `($|[^\pL\pN_])`).MatchString(text) {
			continue
		}
		m := MissingField{Field: f.name, Add: add(f.name, f.what)}
		for i, line := range strings.Split(text, "\n") {
			if spelledOtherwise(line, f.name) {
				m.Line, m.Problem = i+1, fmt.Sprintf("it is spelled otherwise here (%.80q), and tools look for the name", strings.TrimSpace(line))
				break
			}
		}
		missing = append(missing, m)
	}
	return missing
}

// spelledOtherwise reports whether a line means a field and does not name it, as
// "Promotion packet ID" does.
func spelledOtherwise(line, field string) bool {
	return strings.Contains("_"+tokens(line)+"_", "_"+field+"_")
}

func tokens(text string) string {
	return strings.ToLower(wordBreaks.ReplaceAllString(text, "_"))
}

// issueForm is what we look at of a GitHub issue form.
type issueForm struct {
	Body []formElement `yaml:"body"`
}

type formElement struct {
	Type       string `yaml:"type"`
	ID         string `yaml:"id"`
	Attributes struct {
		Label string `yaml:"label"`
	} `yaml:"attributes"`
	Validations struct {
		Required bool `yaml:"required"`
	} `yaml:"validations"`
}

// missing looks for an input for each field.
func (f issueForm) missing() []MissingField {
	var missing []MissingField
	for i, field := range requiredFields {
		required := i == 0 // the others can be looked up by it
		at := slices.IndexFunc(f.Body, func(e formElement) bool { return e.asksFor(field.name) })
		m := MissingField{Field: field.name, Add: formInput(field.name, field.what, required)}
		switch {
		case at < 0:
			missing = append(missing, m)
		case required && !f.Body[at].Validations.Required:
			m.Problem, m.Add = "it is there, and need not be filled in", "    validations:\n      required: true"
			missing = append(missing, m)
		}
	}
	return missing
}

func (e formElement) asksFor(field string) bool {
	switch e.Type {
	case "input", "textarea", "dropdown":
		return tokens(e.ID) == field || spelledOtherwise(e.Attributes.Label, field)
	}
	return false
}

func formInput(field, what string, required bool) string {
	text := fmt.Sprintf("  - type: input\n    id: %s\n    attributes:\n      label: %s\n      description: %s", field, field, what)
	if required {
		text += "\n    validations:\n      required: true"
	}
	return text
}
