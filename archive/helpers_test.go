package archive_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/policy"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/fileworm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
)

var noon = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

// newSigner makes a key that lives as long as the test.
func newSigner(t testing.TB) *manifest.Signer {
	t.Helper()
	s, err := manifest.CreateKey(t.TempDir() + "/key")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// everything is the policy that exports whatever was decided.
func everything() *policy.Policy {
	f := policy.Default().File()
	f.Decisions = map[string]policy.Requirement{"promote": policy.Mandatory, "hold": policy.Optional, "cancelled": policy.Optional}
	p, err := policy.New(f)
	if err != nil {
		panic(err)
	}
	return p
}

func config(t testing.TB) archive.Config {
	return archive.Config{
		Policy:   everything(),
		Signer:   newSigner(t),
		Operator: "release-ops/test",
		Clock:    func() time.Time { return noon },
	}
}

// over opens an archive over a driver.
func over(t testing.TB, b worm.Driver, cfg archive.Config) *archive.Archive {
	t.Helper()
	store := wormtest.Store(t, b)
	a, err := archive.OpenStore(store, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

// inDirectory opens an archive over a directory that exists.
func inDirectory(t testing.TB, dir string, cfg archive.Config) *archive.Archive {
	t.Helper()
	d, err := fileworm.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	return over(t, d, cfg)
}

// snapshot reads every file below a directory.
func snapshot(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(filepath.Join(dir, path))
		files[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// wantEqual compares two directories file by file.
func wantEqual(t testing.TB, what string, got, want map[string]string) {
	t.Helper()
	for path, content := range want {
		if other, there := got[path]; !there {
			t.Errorf("%s: %s is missing", what, path)
		} else if other != content {
			t.Errorf("%s: %s is %q, want %q", what, path, other, content)
		}
	}
	for path := range got {
		if _, there := want[path]; !there {
			t.Errorf("%s: %s is new", what, path)
		}
	}
}

func packet(t testing.TB, id string) archive.Packet {
	t.Helper()
	return parse(t, fmt.Sprintf(`{"promotion_packet_id": %q, "promotion_decision": "promote", "promotion_decision_at_utc": "2026-08-04T10:22:00Z"}`, id))
}

func parse(t testing.TB, document string) archive.Packet {
	t.Helper()
	p, err := archive.ParseJSON([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func rows(t testing.TB, a *archive.Archive) []exportlog.Row {
	t.Helper()
	var all []exportlog.Row
	for r, err := range a.Log().Rows(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// keys lists every object in a bucket.
func keys(t testing.TB, b *memworm.Bucket) []string {
	t.Helper()
	var all []string
	for e, err := range b.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e.Ref.Key)
	}
	return all
}
