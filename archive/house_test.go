package archive_test

import (
	"os/exec"
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
