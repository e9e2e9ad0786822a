package policy

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	neturl "net/url"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/holdfast-archive/holdfast/retention"
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
	if len(content) > MaxFileBytes {
		return fail(Problem{Line: 1, Column: 1, Problem: fmt.Sprintf("the file takes %d bytes", len(content)), Fix: fmt.Sprintf("a policy file has at most %d", MaxFileBytes)})
	}
	if !utf8.Valid(content) {
		return fail(notUTF8(content))
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

func notUTF8(content []byte) Problem {
	for i, line := range bytes.Split(content, []byte("\n")) {
		if at := bytes.ToValidUTF8(line, []byte{0}); !bytes.Equal(at, line) {
			return Problem{Line: i + 1, Column: bytes.IndexByte(at, 0) + 1, Problem: "this is not UTF-8", Fix: "save the file as UTF-8"}
		}
	}
	return Problem{Line: 1, Column: 1, Problem: "the file is not UTF-8", Fix: "save the file as UTF-8"}
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
	switch len(bodies) {
	case 0:
		return nil, &Problem{Line: 1, Column: 1, Problem: "the file says nothing", Fix: "start from default.yaml, beside package retention/policy"}
	case 1:
	default:
		return nil, &Problem{Line: bodies[1].GetToken().Position.Line, Column: 1, Problem: "a second YAML document begins here", Fix: "a policy file has one: take out the --- and what follows"}
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
	p := Problem{Line: 1, Column: 1, Problem: "not YAML: " + err.Error(), Fix: yamlFix(err.Error())}
	var at yaml.Error
	if errors.As(err, &at) && at.GetToken() != nil {
		p.Problem, p.Fix = "not YAML: "+at.GetMessage(), yamlFix(at.GetMessage())
		p.Line, p.Column = at.GetToken().Position.Line, at.GetToken().Position.Column
	}
	return p
}

func jsonProblem(err error) Problem {
	p := Problem{Problem: err.Error(), Fix: "write a length of time up to P36600D, such as P1D or PT4H"}
	var at *json.SemanticError
	if errors.As(err, &at) {
		p.Field = strings.ReplaceAll(strings.TrimPrefix(string(at.JSONPointer), "/"), "/", ".")
		if strings.HasSuffix(p.Field, ".period") || strings.HasSuffix(p.Field, ".after") {
			p.Fix = "write a period from P1D to P100Y, such as P7Y or P90D"
		}
		if at.Err != nil {
			p.Problem = strings.TrimPrefix(at.Err.Error(), retention.ErrUnknown.Error()+": ")
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
		return worded(e)
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
		if plain, err := neturl.PathUnescape(step); err == nil {
			step = strings.NewReplacer("~1", "/", "~0", "~").Replace(plain)
		}
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
