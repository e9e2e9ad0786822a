package archive_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
)

// scene fills an archive: two packets with exhibits, an incident bound to the
// first, and a packet after that, so that no row is the last word on itself.
func scene(t testing.TB, a *archive.Archive) []archive.Receipt {
	t.Helper()
	var receipts []archive.Receipt
	for i, p := range []archive.Packet{
		packet(t, "pp-1").With(exhibit("scorecard.pdf", "green")),
		packet(t, "pp-2").With(exhibit("scorecard.pdf", "yellow")),
		packet(t, "pp-3").With(exhibit("scorecard.pdf", "red")),
	} {
		if i == 2 {
			link := exportlog.Row{Kind: exportlog.KindLink, SubjectExportRowID: 1, PromotionPacketID: "pp-1", IncidentTicketID: "INC-1", IdempotencyKey: "link"}
			if _, err := a.Log().Append(t.Context(), link); err != nil {
				t.Fatal(err)
			}
		}
		r, err := a.Export(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		receipts = append(receipts, r)
	}
	if err := a.Log().Seal(t.Context()); err != nil { // nothing is on its way any more
		t.Fatal(err)
	}
	return receipts
}

// harms are what may happen to one object in a directory.
var harms = map[string]func(path string) error{
	"edited": func(path string) error {
		return rewrite(path, func(b []byte) []byte {
			b = bytes.Clone(b)
			b[len(b)/2] ^= 1
			return b
		})
	},
	"truncated": func(path string) error { return rewrite(path, func(b []byte) []byte { return b[:len(b)/2] }) },
	"emptied":   func(path string) error { return rewrite(path, func([]byte) []byte { return nil }) },
	"added to":  func(path string) error { return rewrite(path, func(b []byte) []byte { return append(b, "x\n"...) }) },
	"removed":   os.Remove,
}

func rewrite(path string, change func([]byte) []byte) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := os.Chmod(path, 0o644); err != nil {
		return err
	}
	return os.WriteFile(path, change(b), 0o644)
}

// Whatever object of a bucket comes to harm, and whether or not its lock record
// goes with it, Verify names it.
func TestEveryObjectIsMissed(t *testing.T) {
	stage := newStage(t)
	objects := objectsOf(t, stage.dir)
	if len(objects) != 13 { // 3 packets, 3 exhibits, 3 manifests, 4 commits
		t.Fatalf("%d objects: %v", len(objects), objects)
	}
	for _, object := range objects {
		for name, harm := range harms {
			for _, record := range []string{"kept", "forged"} {
				t.Run(fmt.Sprintf("%s %s, lock record %s", shorten(object), name, record), func(t *testing.T) {
					dir := stage.set(t)
					path := filepath.Join(dir, real(t, dir, object))
					if err := harm(path); err != nil {
						t.Fatal(err)
					}
					if record == "forged" {
						forgeRecord(t, path)
					}
					wantNamed(t, inDirectory(t, dir, stage.cfg), dir, path)
				})
			}
		}
	}
}

// stage is a directory with a scene, which can be set as it was at first: addresses name
// the directory, and making one takes longer than a test that harms it.
type stage struct {
	cfg         archive.Config
	dir, spared string
}

func newStage(t *testing.T) stage {
	t.Helper()
	s := stage{cfg: config(t), dir: t.TempDir(), spared: t.TempDir()}
	a := inDirectory(t, s.dir, s.cfg)
	scene(t, a)
	if err := a.Close(); err != nil { // and all that is derived is there
		t.Fatal(err)
	}
	if err := os.CopyFS(s.spared, os.DirFS(s.dir)); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s stage) set(t *testing.T) (dir string) {
	t.Helper()
	if err := os.RemoveAll(s.dir); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(s.dir, os.DirFS(s.spared)); err != nil {
		t.Fatal(err)
	}
	return s.dir
}

// A stage that nothing was done to verifies: what the tests find is what they did.
func TestStageIsWhole(t *testing.T) {
	s := newStage(t)
	if _, err := inDirectory(t, s.set(t), s.cfg).Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

// objectsOf lists a scene's objects; manifests by their batches.
func objectsOf(t *testing.T, dir string) []string {
	var objects []string
	for path := range snapshot(t, dir) {
		if strings.HasPrefix(path, "manifests/") {
			path = filepath.Dir(path) + "/"
		}
		if strings.HasPrefix(path, ".staging/") || strings.HasPrefix(filepath.Base(path), ".") || strings.HasPrefix(path, "log/by/") || slices.Contains(objects, path) {
			continue // the index is derived from the rows, and looked after by exportlog
		}
		objects = append(objects, path)
	}
	slices.Sort(objects)
	return objects
}

// real finds the object that a name of objectsOf stands for.
func real(t *testing.T, dir, object string) string {
	t.Helper()
	if !strings.HasSuffix(object, "/") {
		return object
	}
	found, err := filepath.Glob(filepath.Join(dir, object, "*.json"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%v in %s: %v", found, object, err)
	}
	return object + filepath.Base(found[0])
}

func shorten(object string) string {
	parts := strings.Split(strings.TrimSuffix(object, "/"), "/")
	return parts[0] + "…" + parts[len(parts)-1]
}

// forgeRecord makes an object's lock record say what the harmed bytes hash to, as
// whoever owns the directory can; or removes it with the object.
func forgeRecord(t *testing.T, path string) {
	t.Helper()
	record := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".lock")
	b, err := os.ReadFile(path)
	if err != nil {
		if err := os.Remove(record); err != nil {
			t.Fatal(err)
		}
		return
	}
	err = rewrite(record, func(old []byte) []byte {
		at := bytes.Index(old, []byte(`"sha256":"`)) + len(`"sha256":"`)
		return slices.Concat(old[:at], []byte(sumOf(b)), old[at+64:])
	})
	if err != nil {
		t.Fatal(err)
	}
}

func sumOf(b []byte) string { return strings.TrimPrefix(manifest.Reference(b), "sha256:") }

// wantNamed verifies an archive and wants a finding that names an object. A commit
// may be named by its row, and one that is gone from the very end, which no later
// commit remembers, by the packet that it recorded.
func wantNamed(t *testing.T, a *archive.Archive, dir, path string) {
	t.Helper()
	object, err := filepath.Rel(dir, path)
	if err != nil {
		t.Fatal(err)
	}
	report, err := a.Verify(t.Context())
	if !errors.Is(err, archive.ErrNotConfirmed) {
		t.Fatalf("Verify found nothing: %v", err)
	}
	var commit int64
	fmt.Sscanf(object, "log/commits/000/000/000/%d.jsonl", &commit) // one row to a commit here
	for _, f := range report.Findings {
		if f.Object == object || commit != 0 && f.ExportRowID == commit || commit == 4 && strings.Contains(f.Problem, `packets "pp-3"`) {
			return
		}
	}
	t.Errorf("no finding names %s: %v", object, report.Findings)
}

// An object whose lock record is gone is named, though its bytes are intact.
func TestLostLocksAreMissed(t *testing.T) {
	stage := newStage(t)
	for _, object := range objectsOf(t, stage.dir) {
		t.Run(shorten(object), func(t *testing.T) {
			dir := stage.set(t)
			path := filepath.Join(dir, real(t, dir, object))
			if err := os.Remove(filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".lock")); err != nil {
				t.Fatal(err)
			}
			wantNamed(t, inDirectory(t, dir, stage.cfg), dir, path)
		})
	}
}

// Objects that change places are both missed.
func TestSwappedObjectsAreMissed(t *testing.T) {
	stage := newStage(t)
	objects := objectsOf(t, stage.dir)
	for i, one := range objects {
		for _, other := range objects[i+1:] {
			if filepath.Base(one) != filepath.Base(other) && !strings.HasPrefix(one, "log/") && !strings.HasPrefix(one, "manifests/") ||
				strings.Split(one, "/")[0] != strings.Split(other, "/")[0] {
				continue // like with like, as a forger would
			}
			t.Run(shorten(one)+" with "+shorten(other), func(t *testing.T) {
				dir := stage.set(t)
				first, second := filepath.Join(dir, real(t, dir, one)), filepath.Join(dir, real(t, dir, other))
				a, err := os.ReadFile(first)
				if err != nil {
					t.Fatal(err)
				}
				b, err := os.ReadFile(second)
				if err != nil {
					t.Fatal(err)
				}
				for path, content := range map[string][]byte{first: b, second: a} {
					if err := rewrite(path, func([]byte) []byte { return content }); err != nil {
						t.Fatal(err)
					}
					forgeRecord(t, path)
				}
				wantNamed(t, inDirectory(t, dir, stage.cfg), dir, first)
				wantNamed(t, inDirectory(t, dir, stage.cfg), dir, second)
			})
		}
	}
}
