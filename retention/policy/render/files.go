package render

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"text/template"

	"github.com/holdfast-archive/holdfast/retention/policy"
)

//go:embed templates
var templates embed.FS

// File is a document that was made.
type File struct {
	Name    string // with slashes, relative to where all of them go
	Content []byte
}

// Files makes all documents of a policy, in the order that the package doc lists
// them. An error is of a name in the Config that a cloud does not take.
func Files(p *policy.Policy, c Config) ([]File, error) {
	contract, err := Contract(p, c)
	if err != nil {
		return nil, err
	}
	incident, err := Incident(p)
	if err != nil {
		return nil, err
	}
	files := append([]File{contract}, incident...)
	for _, place := range c.places() {
		of, err := place.Files(p)
		if err != nil {
			return nil, err
		}
		files = append(files, of...)
	}
	return files, nil
}

// place is where evidence is kept.
type place interface {
	Files(p *policy.Policy) ([]File, error)
	check() error
	facts() placeFacts
}

// makeAll makes every template of a directory.
func makeAll(dir string, data any) ([]File, error) {
	names, err := fs.Glob(templates, "templates/"+dir+"/*")
	if err != nil {
		return nil, fmt.Errorf("render: %w", err)
	}
	files := make([]File, 0, len(names))
	for _, name := range names {
		f, err := makeOne(path.Join(dir, path.Base(name)), data)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

// makeOne makes one template.
func makeOne(name string, data any) (File, error) {
	text, err := fs.ReadFile(templates, "templates/"+name)
	if err != nil {
		return File{}, fmt.Errorf("render: %w", err)
	}
	t, err := template.New(name).Funcs(markdown).Option("missingkey=error").Parse(string(text))
	if err != nil {
		return File{}, fmt.Errorf("render: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return File{}, fmt.Errorf("render: %w", err)
	}
	return File{Name: name, Content: b.Bytes()}, nil
}

// origin says in a file where it comes from.
func origin(p *policy.Policy) string {
	return "Made from the export policy " + p.SHA256() + ". Change the policy and make this again."
}
