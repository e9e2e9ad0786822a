package archive_test

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/doc/comment"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The Go that is shown, in READMEs and in doc comments, is held to the code: it compiles
// among the imports and variables that a reader is taken to have.
func TestShownGoCompiles(t *testing.T) {
	check := newCompiler(t)
	shown := 0
	for _, file := range readmes(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range strings.Split(string(text), "```go\n")[1:] {
			block, _, _ := strings.Cut(part, "\n```")
			shown++
			for _, problem := range check.problems(block) {
				t.Errorf("%s: %v\n%s", file, problem, block)
			}
		}
	}
	if shown == 0 {
		t.Error("the README shows no Go")
	}
	shown = 0
	for _, p := range check.manuals {
		for _, block := range p.blocks() {
			shown++
			for _, problem := range check.problems(block) {
				t.Errorf("%s: %v\n%s", p.ImportPath, problem, block)
			}
		}
	}
	if shown == 0 {
		t.Error("no doc comment shows Go")
	}
	t.Run("not when harmed", check.noticesHarm)
}

// noticesHarm tries Go that is harmed in ways that only the code can tell.
func (c *compiler) noticesHarm(t *testing.T) {
	const whole = "receipt, err := a.Export(ctx, packet)\nif errors.Is(err, archive.ErrPending) {\n\tlog.Print(receipt.ArchiveURI)\n}"
	if problems := c.problems(whole); problems != nil {
		t.Fatal(problems)
	}
	for name, harm := range map[string][2]string{
		"a method":     {"Export", "Exports"},
		"an argument":  {", packet", ""},
		"a result":     {"receipt, err", "receipt, more, err"},
		"a sentinel":   {"ErrPending", "ErrWaiting"},
		"a field":      {"ArchiveURI", "URI"},
		"a variable":   {"packet", "dossier"},
		"a package":    {"log.Print", "logs.Print"},
		"the language": {"if ", "when "},
	} {
		if problems := c.problems(strings.ReplaceAll(whole, harm[0], harm[1])); problems == nil {
			t.Errorf("%s that is not there compiles", name)
		}
	}
}

// shownImports are the packages that blocks use without importing them; those of ours
// are there as well.
var shownImports = []string{
	"context", "crypto", "errors", "fmt", "io", "log", "log/slog", "os", "testing", "time",
	"go.opentelemetry.io/otel", "gocloud.dev/blob",
}

// atHand is what blocks take for granted: the variables of somebody who has read up to
// there. A block that needs another must say where that comes from.
const atHand = `
var (
	ctx      context.Context
	cfg      archive.Config
	signer   *manifest.Signer
	trust    manifest.Trust
	old, now crypto.PublicKey
	rotated  time.Time
	keys     []manifest.TrustedKey

	a      *archive.Archive
	packet archive.Packet
	linker *linkage.Linker
	link   linkage.Link

	register, events io.Reader
	page             io.Writer
	watch            *telemetry.Watch

	p, before, after *policy.Policy
	facts            []policy.Facts
	at               time.Time

	store  *worm.Store
	m      retention.Matrix
	exportedAt, until time.Time
	body   io.Reader
	size   int64
	digest worm.Digest
)

func check(error) {}
`

func readmes(t *testing.T) []string {
	t.Helper()
	more, err := filepath.Glob("../*/*/README.md")
	if err != nil {
		t.Fatal(err)
	}
	return append([]string{"../README.md"}, more...)
}

// blocks are the Go among the code of a package's doc comments: what declares something,
// or imports it.
func (m manual) blocks() []string {
	return slices.DeleteFunc(m.code(), func(block string) bool {
		return !strings.Contains(block, ":=") && !strings.Contains(block, "import _")
	})
}

// code is what a package's doc comments set apart.
func (m manual) code() []string {
	docs := []string{m.Doc}
	for _, f := range m.Funcs {
		docs = append(docs, f.Doc)
	}
	for _, typ := range m.Types {
		docs = append(docs, typ.Doc)
		for _, f := range append(typ.Funcs, typ.Methods...) {
			docs = append(docs, f.Doc)
		}
	}
	var found []string
	for _, doc := range docs {
		for _, part := range m.Parser().Parse(doc).Content {
			if code, ok := part.(*comment.Code); ok {
				found = append(found, code.Text)
			}
		}
	}
	return found
}

// compiler type-checks blocks of Go.
type compiler struct {
	types.Importer
	fset    *token.FileSet
	manuals []manual
	paths   []string // that a block may use
}

// newCompiler has the go command find what is imported, compiled as it is anyway.
func newCompiler(t *testing.T) *compiler {
	t.Helper()
	c := &compiler{fset: token.NewFileSet(), manuals: documented(t), paths: shownImports}
	for _, p := range c.manuals {
		c.paths = append(c.paths, p.ImportPath)
	}
	compiled := map[string]string{}
	for _, line := range goList(t, "{{.ImportPath}} {{.Export}}", append([]string{"-export", "-deps"}, c.paths...)...) {
		path, file, _ := strings.Cut(line, " ")
		compiled[path] = file
	}
	c.Importer = importer.ForCompiler(c.fset, "gc", func(path string) (io.ReadCloser, error) {
		if compiled[path] == "" {
			return nil, fmt.Errorf("%s is not among what may be imported", path)
		}
		return os.Open(compiled[path])
	})
	return c
}

// problems are what keeps a block from compiling: a file's declarations, a function's
// statements, or statements after imports. What is only unused, or declared once more, is
// none: blocks show alternatives side by side, and leave out what is done with them.
func (c *compiler) problems(block string) []error {
	f, err := c.parse(strings.ReplaceAll(block, "…", ""))
	if err != nil {
		return []error{err}
	}
	var problems []error
	cfg := types.Config{Importer: c, Error: func(err error) {
		if found := (types.Error{}); !errors.As(err, &found) || !found.Soft {
			problems = append(problems, err)
		}
	}}
	_, _ = cfg.Check("shown", c.fset, []*ast.File{f}, nil) // has told of every error
	return problems
}

func (c *compiler) parse(block string) (*ast.File, error) {
	var head bytes.Buffer
	head.WriteString("package shown\n")
	for _, p := range c.paths {
		fmt.Fprintf(&head, "import %q\n", p)
	}
	imports, body := "", block
	if strings.HasPrefix(block, "import ") {
		imports, body, _ = strings.Cut(block, "\n\n")
	}
	head.WriteString(imports + "\n" + atHand)
	f, err := parser.ParseFile(c.fset, "block", head.String()+body, parser.SkipObjectResolution)
	if err != nil {
		return parser.ParseFile(c.fset, "block", head.String()+"func _() (err error) {\n"+body+"\nreturn nil\n}\n", parser.SkipObjectResolution)
	}
	return f, nil
}
