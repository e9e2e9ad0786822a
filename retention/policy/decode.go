package policy

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// Schema is the JSON Schema (draft 2020-12) of a policy file. An editor that knows
// it completes and checks the file; each description says what to write.
//
//go:embed policy.schema.json
var Schema string

const schemaID = "https://github.com/holdfast-archive/holdfast/retention/policy/v1"

// compiledSchema is the schema, and the same as a value, for its descriptions.
var compiledSchema = sync.OnceValues(func() (*jsonschema.Schema, any) {
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(Schema))
	if err != nil {
		panic(err) // it is part of this package, and a test reads it
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(schemaID, document); err != nil {
		panic(err)
	}
	return c.MustCompile(schemaID), document
})

// decode reads a policy file as YAML and holds it to the schema.
func decode(name string, content []byte) (File, positions, error) {
	fail := func(p ...Problem) (File, positions, error) {
		return File{}, positions{}, &FileError{Name: name, Problems: p}
	}
	if len(content) > MaxFileBytes || !utf8.Valid(content) {
		return fail(Problem{Problem: fmt.Sprintf("it takes %d bytes of UTF-8 or something else", len(content)), Fix: fmt.Sprintf("a policy file is UTF-8 of at most %d bytes", MaxFileBytes)})
	}
	body, problem := parse(content)
	if problem != nil {
		return fail(*problem)
	}
	where := positions{body}
	var value any
	if err := yaml.NodeToValue(body, &value); err != nil {
		return fail(yamlProblem(err))
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return fail(Problem{Problem: err.Error(), Fix: "write plain texts, numbers and lists"})
	}
	if problems := validate(encoded); len(problems) > 0 {
		return fail(where.locate(problems)...)
	}
	var f File
	if err := json.Unmarshal(encoded, &f); err != nil {
		return fail(where.locate([]Problem{jsonProblem(err)})...)
	}
	return f, where, nil
}

// parse reads one YAML document, a mapping. Anchors and tags, by which YAML says
// more than stands there, are refused.
func parse(content []byte) (ast.Node, *Problem) {
	file, err := parser.ParseBytes(content, 0)
	if err != nil {
		p := yamlProblem(err)
		return nil, &p
	}
	var bodies []ast.Node
	for _, d := range file.Docs {
		if d.Body != nil {
			bodies = append(bodies, d.Body)
		}
	}
	if len(bodies) != 1 {
		return nil, &Problem{Line: 1, Column: 1, Problem: fmt.Sprintf("there are %d YAML documents", len(bodies)), Fix: "a policy file has one"}
	}
	v := &plain{}
	ast.Walk(v, bodies[0])
	if v.problem != nil {
		return nil, v.problem
	}
	return bodies[0], nil
}

// plain finds the first node that is not plain YAML.
type plain struct{ problem *Problem }

// Visit implements ast.Visitor.
func (v *plain) Visit(n ast.Node) ast.Visitor {
	switch n.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode, *ast.TagNode:
		if v.problem == nil {
			at := n.GetToken().Position
			v.problem = &Problem{Line: at.Line, Column: at.Column, Problem: "anchors, aliases, merges and tags are not read", Fix: "write out what is meant"}
		}
		return nil
	}
	return v
}

func yamlProblem(err error) Problem {
	p := Problem{Problem: err.Error(), Fix: "correct the YAML"}
	var at yaml.Error
	if errors.As(err, &at) && at.GetToken() != nil {
		p.Problem = "not YAML: " + at.GetMessage()
		p.Line, p.Column = at.GetToken().Position.Line, at.GetToken().Position.Column
	}
	return p
}

func jsonProblem(err error) Problem {
	p := Problem{Problem: err.Error(), Fix: "write a period from P1D to P100Y, such as P7Y, and any other length of time as one such as PT4H"}
	var at *json.SemanticError
	if errors.As(err, &at) {
		p.Field = strings.ReplaceAll(strings.TrimPrefix(string(at.JSONPointer), "/"), "/", ".")
		if at.Err != nil {
			p.Problem = at.Err.Error()
		}
	}
	return p
}

// validate holds a policy to the schema.
func validate(encoded []byte) []Problem {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(encoded))
	if err != nil {
		return []Problem{{Problem: err.Error()}}
	}
	schema, _ := compiledSchema()
	var invalid *jsonschema.ValidationError
	if err := schema.Validate(value); !errors.As(err, &invalid) {
		return nil
	}
	return leaves(invalid)
}

// leaves are the problems that a schema's error is about.
func leaves(e *jsonschema.ValidationError) []Problem {
	if len(e.Causes) == 0 {
		return []Problem{{
			path:    e.InstanceLocation,
			Field:   strings.Join(e.InstanceLocation, "."),
			Problem: e.ErrorKind.LocalizedString(message.NewPrinter(language.English)),
			Fix:     description(e.SchemaURL),
		}}
	}
	var all []Problem
	for _, cause := range e.Causes {
		all = append(all, leaves(cause)...)
	}
	return all
}

// description is what the schema says at a place, or at the nearest above it.
func description(url string) string {
	_, v := compiledSchema()
	_, pointer, _ := strings.Cut(url, "#")
	best := ""
	for _, step := range append([]string{""}, strings.Split(strings.Trim(pointer, "/"), "/")...) {
		m, ok := v.(map[string]any)
		if !ok {
			break
		}
		if step != "" {
			if m, ok = m[step].(map[string]any); !ok {
				break
			}
			v = m
		}
		if text, ok := m["description"].(string); ok {
			best = text
		}
	}
	return best
}

// positions finds where in a file a field stands.
type positions struct{ body ast.Node }

// locate gives problems their lines, and puts them in order.
func (w positions) locate(problems []Problem) []Problem {
	for i, p := range problems {
		if w.body == nil || p.Line > 0 {
			continue
		}
		path := p.path
		if path == nil && p.Field != "" {
			path = strings.Split(p.Field, ".")
		}
		problems[i].Line, problems[i].Column = w.place(path, p)
	}
	slices.SortStableFunc(problems, func(a, b Problem) int { return a.Line - b.Line })
	return problems
}

// place walks down to a field and returns where it stands.
func (w positions) place(path []string, p Problem) (line, column int) {
	node := w.body
	for _, step := range path {
		next := child(node, step)
		if next == nil {
			break
		}
		node = next
	}
	at := node.GetToken().Position
	if m, ok := node.(*ast.MappingNode); ok && len(m.Values) > 0 {
		at = m.Values[0].Key.GetToken().Position
	}
	switch node.(type) {
	case *ast.LiteralNode: // the text begins on the next line
		return at.Line + 1 + p.line, max(p.column, 1)
	case *ast.StringNode:
		if p.line == 0 {
			return at.Line, at.Column + max(p.column-1, 0)
		}
	}
	return at.Line + p.line, max(at.Column, 1)
}

// child returns the value under a name, or at an index.
func child(node ast.Node, step string) ast.Node {
	switch n := node.(type) {
	case *ast.MappingNode:
		for _, v := range n.Values {
			if v.Key.GetToken().Value == step {
				return v.Value
			}
		}
	case *ast.MappingValueNode:
		if n.Key.GetToken().Value == step {
			return n.Value
		}
	case *ast.SequenceNode:
		for i, v := range n.Values {
			if fmt.Sprint(i) == step {
				return v
			}
		}
	}
	return nil
}
