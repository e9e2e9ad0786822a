package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

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
	for i, step := range path {
		next := child(node, step)
		if next == nil {
			break
		}
		if p.atKey && i == len(path)-1 {
			next = key(node, step)
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

// key returns a name itself.
func key(node ast.Node, name string) ast.Node {
	if m, ok := node.(*ast.MappingNode); ok {
		for _, v := range m.Values {
			if v.Key.GetToken().Value == name {
				return v.Key
			}
		}
	}
	return node
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
