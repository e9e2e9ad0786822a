package archive_test

import (
	"go/ast"
	godoc "go/doc"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The doc comments are the manual: every package and every exported name has one. A
// constant, variable or field may have it at the end of its line, or share that of its
// group; String, Error, Is and Unwrap are what they are everywhere.
func TestEveryExportedNameIsDocumented(t *testing.T) {
	for _, line := range goList(t, "{{.Name}} {{.Dir}} {{join .GoFiles \" \"}}", module+"...") {
		fields := strings.Fields(line)
		name, dir, files := fields[0], fields[1], fields[2:]
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
		p, err := godoc.NewFromFiles(fset, parsed, name, godoc.PreserveAST)
		if err != nil {
			t.Fatal(err)
		}
		if p.Doc == "" {
			t.Errorf("%s has no package comment", dir)
		}
		undocumented(p, func(what string, at token.Pos) {
			where := fset.Position(at)
			where.Filename, _ = filepath.Rel("..", where.Filename)
			t.Errorf("%s: %s is not documented", where, what)
		})
	}
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

// Each ```go block of the README is Go: a file, or statements of a function.
func TestREADMEIsGo(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := 0
	for _, part := range strings.Split(string(readme), "```go\n")[1:] {
		block, _, _ := strings.Cut(part, "\n```")
		blocks++
		block = strings.ReplaceAll(block, "…", "")
		asStatements := "package p\nfunc _() {\n" + block + "\n}\n"
		asFile := "package p\n" + block + "\n"
		imports, rest, _ := strings.Cut(block, "\n\n")
		asBoth := "package p\n" + imports + "\nfunc _() {\n" + rest + "\n}\n"
		var problem error
		for _, source := range []string{asFile, asBoth, asStatements} {
			if _, problem = parser.ParseFile(token.NewFileSet(), "README.md", source, parser.SkipObjectResolution); problem == nil {
				break
			}
		}
		if problem != nil {
			t.Errorf("a block is not Go: %v\n%s", problem, block)
		}
	}
	if blocks == 0 {
		t.Error("the README has no Go")
	}
}
