package render_test

import (
	"bytes"
	"html"
	"regexp"
	"strings"
	"testing"
	"unicode"

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
func FuzzHostilePolicy(f *testing.F) {
	plain := structure(contractSaying(f, "plain"))
	if strings.Count(plain, "Table\n") != 6 || strings.Count(plain, "FencedCodeBlock\n") != 2 {
		f.Fatalf("the contract's structure is read as\n%s", plain)
	}
	for _, evil := range hostile {
		f.Add(evil)
	}
	f.Fuzz(func(t *testing.T, evil string) {
		content := contractSaying(t, evil)
		if got := structure(content); got != plain {
			t.Errorf("%q changes the structure of the contract:\n%s", evil, content)
		}
		want := 6 // the decision, two reasons, the jurisdiction, the log's name, the policy's file
		if strings.Contains(evil, "\n") {
			want = 5 // no decision has two lines
		}
		if got := strings.Count(shown(t, content), onOneLine(evil)); got < want {
			t.Errorf("%q is shown %d times as what it is, want %d:\n%s", evil, got, want, content)
		}
		if strings.ContainsAny(content, "\u202e\x1b\r") || strings.Contains(content, "because @") {
			t.Errorf("%q is in the contract as it is", evil)
		}
	})
}

// shown is the text that a reader of a document sees outside of code blocks.
func shown(t testing.TB, source string) string {
	t.Helper()
	var page bytes.Buffer
	if err := goldmark.New(goldmark.WithExtensions(extension.GFM)).Convert([]byte(source), &page); err != nil {
		t.Fatal(err)
	}
	return html.UnescapeString(regexp.MustCompile(`(?s)<pre>.*?</pre>|<[^>]*>`).ReplaceAllString(page.String(), ""))
}

// onOneLine is a text as a document shows it.
func onOneLine(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return unicode.ReplacementChar
		}
		return r
	}, text))
}

// contractSaying makes a contract that says a text wherever a policy can. It skips
// what no policy says.
func contractSaying(t testing.TB, text string) string {
	t.Helper()
	if strings.TrimSpace(text) == "" {
		t.Skip()
	}
	file := policy.Default().File()
	file.RegulatedJurisdictions = []string{text}
	file.Decisions["plain"] = policy.Optional
	if !strings.Contains(text, "\n") && text != "plain" {
		file.Decisions = map[string]policy.Requirement{"a": policy.None, "b": policy.None, "c": policy.None, text: policy.Optional}
	}
	oneLine := strings.NewReplacer("\n", " ", "\r", " ").Replace(text)
	file.Rules = []policy.Rule{
		{Name: "one", When: "promotion_packet_id != r'''" + strings.ReplaceAll(text, "'", " ") + "'''", Class: retention.Regulated, Because: text},
		{Name: "two", When: "true || // " + oneLine + "\n  false", Class: retention.Regulated, Because: text},
	}
	p, err := policy.New(file)
	if err != nil || len(p.File().Decisions) != 4 {
		t.Skip(err)
	}
	c := config()
	c.LogOrigin, c.PolicyFile = text, text
	made, err := render.Contract(p, c)
	if err != nil {
		t.Fatal(err)
	}
	return string(made.Content)
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
