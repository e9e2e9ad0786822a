package archive_test

import (
	"go/ast"
	godoc "go/doc"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// The doc comments are the manual: every package and every exported name has one. A
// constant, variable or field may have it at the end of its line, or share that of its
// group; String, Error, Is and Unwrap are what they are everywhere.
func TestEveryExportedNameIsDocumented(t *testing.T) {
	for _, p := range documented(t) {
		if p.Doc == "" {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
		undocumented(p.Package, func(what string, at token.Pos) {
			where := p.fset.Position(at)
			where.Filename, _ = filepath.Rel("..", where.Filename)
			t.Errorf("%s: %s is not documented", where, what)
		})
	}
}

// manual is a package as its doc comments tell of it.
type manual struct {
	*godoc.Package
	fset *token.FileSet
}

// documented returns every package that is there to be imported.
func documented(t *testing.T) []manual {
	t.Helper()
	var all []manual
	for _, line := range goList(t, "{{.Name}} {{.ImportPath}} {{.Dir}} {{join .GoFiles \" \"}}", module+"...") {
		fields := strings.Fields(line)
		name, path, dir, files := fields[0], fields[1], fields[2], fields[3:]
		if len(files) == 0 || name == "main" || strings.Contains(dir, string(filepath.Separator)+"internal") {
			continue
		}
		fset := token.NewFileSet()
		var parsed []*ast.File
		for _, file := range files {
			f, err := parser.ParseFile(fset, filepath.Join(dir, file), nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			parsed = append(parsed, f)
		}
		p, err := godoc.NewFromFiles(fset, parsed, path, godoc.PreserveAST)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, manual{p, fset})
	}
	return all
}

// undocumented tells of every exported name without a comment.
func undocumented(p *godoc.Package, tell func(string, token.Pos)) {
	funcs := func(all []*godoc.Func) {
		for _, f := range all {
			if f.Doc == "" && !obvious[f.Name] {
				tell(f.Name, f.Decl.Pos())
			}
		}
	}
	values := func(all []*godoc.Value) {
		for _, v := range all {
			eachUndocumented(v.Decl.Specs, v.Doc != "", tell)
		}
	}
	funcs(p.Funcs)
	values(p.Consts)
	values(p.Vars)
	for _, typ := range p.Types {
		if typ.Doc == "" {
			tell(typ.Name, typ.Decl.Pos())
		}
		funcs(typ.Funcs)
		funcs(typ.Methods)
		values(typ.Consts)
		values(typ.Vars)
	}
}

var obvious = map[string]bool{"String": true, "Error": true, "Is": true, "Unwrap": true}

func eachUndocumented(specs []ast.Spec, group bool, tell func(string, token.Pos)) {
	for _, spec := range specs {
		v := spec.(*ast.ValueSpec)
		for _, name := range v.Names {
			if name.IsExported() && !group && v.Doc == nil && v.Comment == nil {
				tell(name.Name, name.Pos())
			}
		}
	}
}

// A comment that is taken away is missed.
func TestUndocumentedIsFound(t *testing.T) {
	const source = "// Package p is.\npackage p\n\ntype T struct{}\n\nfunc (T) M() {}\n\n// F does.\nfunc F() {}\n\nconst C = 1\n\nvar v = 1\n"
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "p.go", source, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	p, err := godoc.NewFromFiles(fset, []*ast.File{f}, "p")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	undocumented(p, func(what string, _ token.Pos) { found = append(found, what) })
	if got := strings.Join(found, " "); got != "C T M" {
		t.Errorf("found %q", got)
	}
}
