package archive_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/holdfast-archive/holdfast/"

// rooms is the house: each package, and the packages of ours it may import.
// Imports run one way, from linkage down to retention.
var rooms = map[string][]string{
	"retention":                          {},
	"retention/policy":                   {"retention"},
	"retention/policy/render":            {"retention/policy", "retention"},
	"retention/worm":                     {"retention"},
	"retention/worm/memworm":             {"retention/worm", "retention"},
	"retention/worm/fileworm":            {"retention/worm", "retention"},
	"retention/worm/s3worm":              {"retention/worm", "retention/worm/internal/relock", "retention"},
	"retention/worm/gcsworm":             {"retention/worm", "retention"},
	"retention/worm/azureworm":           {"retention/worm", "retention/worm/internal/relock", "retention"},
	"retention/worm/wormtest":            {"retention/worm", "retention"},
	"retention/worm/internal/relock":     {"retention/worm", "retention"},
	"retention/worm/wormtest/servers":    {},
	"retention/worm/wormtest/faultproxy": {"retention/worm/wormtest", "retention/worm"},
	"exportlog":                          {"exportlog/telemetry", "retention/worm", "retention"},
	"exportlog/telemetry":                {},
	"archive/manifest":                   {},
	"archive/spool":                      {},
	"archive/manifest/keyless":           {"archive/manifest"},
	"archive":                            {"exportlog", "exportlog/telemetry", "archive/manifest", "archive/spool", "retention/worm", "retention/policy", "retention"},
	"linkage":                            {"archive", "archive/manifest", "exportlog", "exportlog/telemetry", "retention/policy", "retention/worm/memworm", "retention/worm", "retention"},
}

func TestImportsRunOneWay(t *testing.T) {
	for _, line := range goList(t, "{{.ImportPath}} {{join .Imports \" \"}}", module+"...") {
		path, imports, _ := strings.Cut(line, " ")
		room := strings.TrimPrefix(path, module)
		if strings.HasPrefix(room, "examples/") {
			continue // may use whatever it shows
		}
		allowed, known := rooms[room]
		if !known {
			t.Errorf("package %s has no place in the house: add it to rooms, with what it may import", room)
		}
		for imported := range strings.FieldsSeq(imports) {
			if ours, ok := strings.CutPrefix(imported, module); ok && !slices.Contains(allowed, ours) {
				t.Errorf("%s imports %s, which lies above it or beside it", room, ours)
			}
		}
	}
}

// Sigstore is known to archive/manifest alone, gocloud to the store and its
// drivers, and no cloud to anybody but a driver.
func TestHeavyImportsStayInTheirRoom(t *testing.T) {
	for _, line := range goList(t, "{{.ImportPath}} {{join .Imports \" \"}}", module+"...") {
		path, imports, _ := strings.Cut(line, " ")
		room := strings.TrimPrefix(path, module)
		if room == "examples/auditor" {
			continue // verifies without us, by other people's libraries
		}
		if room == "examples/exportctl" {
			// A program links the key services that it offers, by blank import.
			imports = strings.ReplaceAll(imports, "github.com/sigstore/sigstore/pkg/signature/kms/", "kms/")
		}
		for imported := range strings.FieldsSeq(imports) {
			for prefix, home := range map[string]string{
				"github.com/sigstore/": "archive/manifest",
				"gocloud.dev/":         "retention/worm",
				"github.com/aws/":      "retention/worm/s3worm",
				"cloud.google.com/":    "retention/worm/gcsworm",
				"github.com/Azure/":    "retention/worm/azureworm",
			} {
				if strings.HasPrefix(imported, prefix) && room != home && !strings.HasPrefix(room, home+"/") {
					t.Errorf("%s imports %s, which only %s may", room, imported, home)
				}
			}
		}
	}
	heavy := []string{"github.com/aws/", "cloud.google.com/go/storage", "github.com/Azure/",
		"github.com/sigstore/sigstore-go/", "github.com/sigstore/rekor", "github.com/sigstore/timestamp-authority/"}
	for _, room := range []string{"archive", "archive/manifest", "exportlog", "linkage", "examples/first", "examples/quickstart"} {
		for _, dep := range goList(t, "{{range .Deps}}{{.}}\n{{end}}", module+room) {
			for _, sdk := range heavy {
				if strings.HasPrefix(dep, sdk) {
					t.Errorf("%s pulls in %s", room, dep)
				}
			}
		}
	}
	for _, dep := range goList(t, "{{range .Deps}}{{.}}\n{{end}}", module+"retention") {
		if first, _, _ := strings.Cut(dep, "/"); strings.Contains(first, ".") && !strings.HasPrefix(dep, "github.com/sosodev/duration") && dep != module+"retention" {
			t.Errorf("retention is pure, and depends on %s", dep)
		}
		if dep == "net" || dep == "net/http" || dep == "os/exec" {
			t.Errorf("retention is pure, and depends on %s", dep)
		}
	}
}

func goList(t *testing.T, format string, packages ...string) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", append([]string{"list", "-f", format}, packages...)...).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

// The top level has the rooms, what Go and a reader look for there, and dotfiles; and what
// was built lies nowhere.
func TestNothingLiesAbout(t *testing.T) {
	top := []string{"archive", "exportlog", "retention", "linkage", "examples", "README.md", "go.mod", "go.sum", "LICENSE"}
	stray := map[string]bool{}
	for _, file := range sources(t, "..") {
		name, _, _ := strings.Cut(filepath.ToSlash(file), "/")
		if !slices.Contains(top, name) && !strings.HasPrefix(name, ".") && !stray[name] {
			stray[name] = true
			t.Errorf("%s lies at the top level, where only %s and dotfiles belong", name, strings.Join(top, ", "))
		}
		if built(t, filepath.Join("..", file)) {
			t.Errorf("%s is a program that was built, and no source", file)
		}
	}
}

// sources are the files that git tracks below a folder. Where git has nothing to say, as of
// a source tree that was unpacked, they are all but dotfiles.
func sources(t *testing.T, root string) []string {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "git", "-C", root, "ls-files", "-z").Output(); err == nil && len(out) > 0 {
		return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	}
	var files []string
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, d fs.DirEntry, err error) error {
		switch dot := path != "." && strings.HasPrefix(d.Name(), "."); {
		case err != nil:
			return err
		case dot && d.IsDir():
			return fs.SkipDir
		case !dot && !d.IsDir():
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// built reports whether a file begins as ELF, PE or Mach-O files do.
func built(t *testing.T, path string) bool {
	t.Helper()
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false // deleted, and git not told yet
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	head := make([]byte, 4)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
	return slices.ContainsFunc([]string{"\x7fELF", "MZ", "\xfe\xed\xfa\xce", "\xfe\xed\xfa\xcf", "\xce\xfa\xed\xfe", "\xcf\xfa\xed\xfe", "\xca\xfe\xba\xbe"},
		func(magic string) bool { return bytes.HasPrefix(head[:n], []byte(magic)) })
}
