package linkage_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/holdfast-archive/holdfast/linkage"
)

const form = `name: Incident
description: Something went wrong
body:
  - type: markdown
    attributes:
      value: export_row_id and export_batch_id are looked up for you
  - type: input
    id: promotion_packet_id
    attributes: {label: Which packet?}
    validations: {required: true}
  - type: input
    id: batch
    attributes: {label: "Export batch ID"}
  - type: textarea
    id: export-row-id
    attributes: {label: Row}
`

// What a template lacks is named, with the line to add, and adding it is enough.
func TestCheckTemplate(t *testing.T) {
	for name, c := range map[string]struct{ file, content, missing string }{
		"runbook":                     {"rollback.md", "# Rollback\n1. Find `promotion_packet_id`, export_batch_id and | export_row_id |\n", ""},
		"nothing":                     {"rollback.md", "# Rollback\n", "promotion_packet_id export_batch_id export_row_id"},
		"in a comment":                {"rollback.md", "promotion_packet_id export_batch_id\n<!-- export_row_id -->", "export_row_id"},
		"in a comment without an end": {"rollback.md", "promotion_packet_id export_batch_id\n<!-- export_row_id", "export_row_id"},
		"part of another word":        {"rollback.txt", "promotion_packet_id2 export_batch_id correction_of_export_row_id", "promotion_packet_id export_row_id"},
		"text":                        {"page", "promotion_packet_id=\nexport_batch_id=\nexport_row_id=", ""},
		"form":                        {"incident.yml", form, ""},
		"form, not required":          {"incident.yml", strings.ReplaceAll(form, "    validations: {required: true}\n", ""), "promotion_packet_id"},
		"form, in prose only":         {"incident.yaml", strings.ReplaceAll(form, "id: export-row-id", "id: other"), "export_row_id"},
		"other YAML":                  {"pager.yaml", "fields: [promotion_packet_id, export_batch_id] # export_row_id", "export_row_id"},
	} {
		err := linkage.CheckTemplate(c.file, strings.NewReader(c.content))
		var incomplete *linkage.TemplateError
		if c.missing == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if !errors.As(err, &incomplete) || !errors.Is(err, linkage.ErrTemplateIncomplete) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var fields []string
		content := strings.TrimSuffix(c.content, "<!-- export_row_id")
		for _, m := range incomplete.Missing {
			fields = append(fields, m.Field)
			if m.Problem != "it is there, and need not be filled in" {
				content = strings.TrimSpace(content) + "\n" + m.Add + "\n"
			}
			if !strings.Contains(err.Error(), m.Field) || !strings.Contains(err.Error(), m.Add) {
				t.Errorf("%s: the error does not name %s: %v", name, m.Field, err)
			}
		}
		if got := strings.Join(fields, " "); got != c.missing {
			t.Errorf("%s: %s is missing, want %s", name, got, c.missing)
		}
		if name == "form, not required" {
			continue // its line goes into the element
		}
		if err := linkage.CheckTemplate(c.file, strings.NewReader(content)); err != nil {
			t.Errorf("%s, completed: %v\n%s", name, err, content)
		}
	}
}

// A field that is spelled as people speak is pointed at.
func TestCheckTemplatePointsAtTheLine(t *testing.T) {
	err := linkage.CheckTemplate("rollback.md", strings.NewReader("# Rollback\n\n<!-- a\ncomment -->\nPromotion Packet ID: ____\nexport_batch_id export_row_id\n"))
	if err == nil || !strings.Contains(err.Error(), "rollback.md:5: promotion_packet_id") {
		t.Errorf("%v", err)
	}
}

func TestCheckTemplateRefuses(t *testing.T) {
	for name, content := range map[string]string{
		"a.md":  strings.Repeat("x", linkage.MaxTemplateBytes+1),
		"b.md":  "\xff",
		"c.yml": "body: [",
		"d.yml": "body: 7",
	} {
		if err := linkage.CheckTemplate(name, strings.NewReader(content)); !errors.Is(err, linkage.ErrBadTemplate) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever is checked, each field that is not missing is there.
func FuzzCheckTemplate(f *testing.F) {
	f.Add("a.md", "<!-- promotion_packet_id -->")
	f.Add("a.yml", form)
	f.Add("a", "export row id")
	f.Fuzz(func(t *testing.T, name, content string) {
		err := linkage.CheckTemplate(name, strings.NewReader(content))
		if err == nil && !strings.Contains(strings.ToLower(content), "packet") {
			t.Errorf("%q passes", content)
		}
	})
}
