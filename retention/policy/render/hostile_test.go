package render_test

import (
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/policy"
	"github.com/holdfast-archive/holdfast/retention/policy/render"
)

// hostile are texts that try to be more than text.
var hostile = []string{
	"a | b | c", "**bold**", "_em_", "`code`", "<script>alert(1)</script>", "<!-- comment", "-->", "[link](https://example.com)", "![image](x)",
	"https://example.com", "www.example.com", "line\nbreak", "line\r\n\r\n# heading", "\r| a | b |\r|---|---|\r", "back\\slash\\", "\\|", "~~struck~~",
	"@everyone", "#1", "- item", "1. item", "> quote", "    indented", "&lt;b&gt;", "&amp;", "$x$", "\u202ereversed", "\x1b[31mred", "```\nfence", "~~~", "[ref]: x", "{{.SHA256}}", "mail@example.com",
}

// What a policy says stays text: the contract of a hostile policy has the same
// structure as that of a plain one, by another Markdown reader, GitHub's tables and
// links included.
func TestHostilePolicy(t *testing.T) {
	said := func(text string) *policy.Policy {
		return with(t, func(f *policy.File) {
			f.RegulatedJurisdictions = []string{text}
			if !strings.ContainsAny(text, "\n") {
				f.Decisions[text] = policy.Optional
			} else {
				f.Decisions["plain"] = policy.Optional
			}
			f.Rules = []policy.Rule{
				{Name: "one", When: "promotion_packet_id != r'''" + strings.ReplaceAll(text, "\r", " ") + "'''", Class: retention.Regulated, Because: text},
				{Name: "two", When: "true || // " + strings.NewReplacer("\n", " ", "\r", " ").Replace(text) + "\n  false", Class: retention.Regulated, Because: text},
			}
		})
	}
	c := config()
	made := func(text string) string {
		c.LogOrigin, c.PolicyFile = text, text
		contract, err := render.Contract(said(text), c)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		return string(contract.Content)
	}
	plain := structure(made("plain"))
	if strings.Count(plain, "Table\n") != 6 || strings.Count(plain, "FencedCodeBlock\n") != 2 {
		t.Fatalf("the contract's structure is read as\n%s", plain)
	}
	for _, evil := range hostile {
		content := made(evil)
		if got := structure(content); got != plain {
			t.Errorf("%q changes the structure of the contract:\n%s", evil, content)
		}
		if strings.ContainsAny(content, "\u202e\x1b\r") || strings.Contains(content, "because @") {
			t.Errorf("%q is in the contract as it is", evil)
		}
	}
}

// structure lists the nodes of a document, without what they say.
func structure(source string) string {
	md := goldmark.New(goldmark.WithExtensions(extension.GFM))
	root := md.Parser().Parse(text.NewReader([]byte(source)))
	var b strings.Builder
	ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering && n.Kind() != ast.KindText && n.Kind() != ast.KindString {
			b.WriteString(n.Kind().String() + "\n")
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// The incident form is YAML in which the one field is required, whatever a role is
// called.
func TestIncidentForm(t *testing.T) {
	p := with(t, func(f *policy.File) { f.Roles.Acknowledge = []string{"null", "1.0", "yes", "release-ops"} })
	var form struct {
		Body []struct {
			Type, ID   string
			Attributes struct {
				Label, Description, Placeholder string
				Options                         []any
			}
			Validations struct{ Required bool }
		}
	}
	if err := yaml.Unmarshal([]byte(files(t, p, config())["incident-form.yml"]), &form); err != nil {
		t.Fatal(err)
	}
	required, ids := map[string]bool{}, map[string]bool{}
	for _, field := range form.Body {
		if ids[field.ID] || field.Attributes.Label == "" || field.Attributes.Description == "" {
			t.Errorf("field %+v", field)
		}
		ids[field.ID], required[field.ID] = true, field.Validations.Required
		for i, o := range field.Attributes.Options {
			if o != []any{"null", "1.0", "yes", "release-ops"}[i] {
				t.Errorf("option %v of type %T", o, o)
			}
		}
	}
	for _, id := range []string{"promotion_packet_id", "export_batch_id", "export_row_id", "rollback_event_id", "incident_ticket_id", "divergence_summary", "link_owner_ack"} {
		if !ids[id] || !strings.Contains(files(t, p, config())["incident-template.md"], "| "+id+" |") {
			t.Errorf("%s is missing", id)
		}
	}
	if !required["promotion_packet_id"] || !required["divergence_summary"] || required["export_row_id"] {
		t.Errorf("required: %v", required)
	}
}
