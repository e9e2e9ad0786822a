package render

import "github.com/holdfast-archive/holdfast/retention/policy"

// Incident makes the part of an incident template that names the evidence, once as
// Markdown to paste and once as a GitHub issue form. promotion_packet_id is required
// from the start; the other ids are read off its rows in the log.
func Incident(p *policy.Policy) ([]File, error) {
	data := struct {
		Origin string
		Roles  []string // who may acknowledge
	}{origin(p), p.File().Roles.Acknowledge}
	var files []File
	for _, name := range []string{"incident-template.md", "incident-form.yml"} {
		f, err := makeOne(name, data)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}
