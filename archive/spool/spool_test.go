package spool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

var decided = time.Date(2026, 8, 4, 10, 22, 0, 0, time.UTC)

func file(path, content string) File {
	return File{Path: path, Size: int64(len(content)), SHA256: hexSum([]byte(content)), Open: func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(content)), nil
	}}
}

// entry is packet n, decided n minutes after the first.
func entry(n int) Entry {
	id := fmt.Sprintf("pp-%d", n)
	return Entry{
		PromotionPacketID: id, PromotionDecisionAtUTC: decided.Add(time.Duration(n) * time.Minute), ExportOperatorAck: "release-ops/test",
		Files: []File{file("packet.json", `{"id": "`+id+`"}`), file("exhibits/scorecard.pdf", "green "+id)},
	}
}

func opened(t testing.TB, dir string, limits Limits) *Spool {
	t.Helper()
	s, err := Open(dir, limits)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func add(t testing.TB, s *Spool, n int) Entry {
	t.Helper()
	e, err := s.Add(t.Context(), entry(n))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// ids are the packets of the entries, each of which must be whole.
func ids(t testing.TB, s *Spool) string {
	t.Helper()
	entries, err := s.Entries(t.Context())
	if err != nil {
		t.Error(err)
	}
	var all []string
	for _, e := range entries {
		if _, err := s.whole(t.Context(), e.Name); err != nil {
			t.Error(err)
		}
		all = append(all, e.PromotionPacketID)
	}
	return strings.Join(all, " ")
}

func TestEntriesComeInOrderAndGo(t *testing.T) {
	s := opened(t, filepath.Join(t.TempDir(), "new", "spool"), Limits{})
	for _, n := range []int{3, 1, 2, 1} {
		add(t, s, n)
	}
	other := opened(t, s.Dir(), Limits{})
	if got := ids(t, other); got != "pp-1 pp-2 pp-3" {
		t.Errorf("entries: %s", got)
	}
	entries, _ := other.Entries(t.Context())
	if e, want := entries[0], entry(1); e.ExportOperatorAck != want.ExportOperatorAck || !e.PromotionDecisionAtUTC.Equal(want.PromotionDecisionAtUTC) || len(e.Files) != 2 || e.SpooledAt.IsZero() {
		t.Errorf("%+v", e)
	}
	claim, err := other.Claim(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if second, err := s.TryClaim(); second != nil || err != nil {
		t.Errorf("two drain at once: %v", err)
	}
	waiting, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := s.Claim(waiting); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting for the claim: %v", err)
	}
	for range 2 {
		if err := claim.Remove(entries[0]); err != nil {
			t.Error(err)
		}
	}
	if err := claim.Release(); err != nil {
		t.Error(err)
	}
	if got := ids(t, s); got != "pp-2 pp-3" {
		t.Errorf("after one is removed: %s", got)
	}
	if n, err := s.Waiting(); n != 2 || err != nil {
		t.Errorf("%d wait, %v", n, err)
	}
}

func TestBounds(t *testing.T) {
	one := opened(t, t.TempDir(), Limits{})
	size := add(t, one, 1).Bytes
	for name, limits := range map[string]Limits{"entries": {MaxEntries: 2}, "bytes": {MaxBytes: 2*size + size/2}} {
		s := opened(t, t.TempDir(), limits)
		add(t, s, 1)
		add(t, s, 2)
		if _, err := s.Add(t.Context(), entry(3)); !errors.Is(err, ErrFull) || !strings.Contains(err.Error(), "pp-3") {
			t.Errorf("%s: %v", name, err)
		}
		add(t, s, 1) // is there
		if got := ids(t, s); got != "pp-1 pp-2" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// Many at once never go beyond the bounds, and each that succeeded is there.
func TestManyAtOnce(t *testing.T) {
	const room = 10
	dir := t.TempDir()
	var wg sync.WaitGroup
	var mu sync.Mutex
	added := 0
	for n := range 30 {
		wg.Go(func() {
			s := opened(t, dir, Limits{MaxEntries: room})
			_, err := s.Add(t.Context(), entry(n))
			if err != nil && !errors.Is(err, ErrFull) {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				added++
			}
		})
	}
	wg.Wait()
	if got := len(strings.Fields(ids(t, opened(t, dir, Limits{})))); got != added || got != room {
		t.Errorf("%d were added, %d are there, there was room for %d", added, got, room)
	}
}

// The same at once is one entry.
func TestSameAtOnce(t *testing.T) {
	s := opened(t, t.TempDir(), Limits{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := s.Add(t.Context(), entry(1)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := ids(t, s); got != "pp-1" {
		t.Error(got)
	}
}

// A disk that is full at any point is said to be, and keeps nothing of the entry.
func TestDiskFull(t *testing.T) {
	for _, point := range []string{"writing", "written", "before rename"} {
		s := opened(t, t.TempDir(), Limits{})
		add(t, s, 1)
		s.step = func(name string) error {
			if name == point {
				return &os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}
			}
			return nil
		}
		if _, err := s.Add(t.Context(), entry(2)); !errors.Is(err, ErrFull) || !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%s: %v", point, err)
		}
		s.step = func(string) error { return nil }
		add(t, s, 3)
		if got := ids(t, s); got != "pp-1 pp-3" {
			t.Errorf("%s: %s", point, got)
		}
		if entries, _, err := s.usage(); entries != 2 || err != nil {
			t.Errorf("%s: room for %d entries is taken, %v", point, entries, err)
		}
	}
}

func TestBadEntries(t *testing.T) {
	for name, change := range map[string]func(e *Entry){
		"no files":       func(e *Entry) { e.Files = nil },
		"no time":        func(e *Entry) { e.PromotionDecisionAtUTC = time.Time{} },
		"a path out":     func(e *Entry) { e.Files[1].Path = "../x" },
		"an absolute":    func(e *Entry) { e.Files[1].Path = "/etc/passwd" },
		"a deep path":    func(e *Entry) { e.Files[1].Path = "a/b/c" },
		"the header":     func(e *Entry) { e.Files[1].Path = headerName },
		"one path twice": func(e *Entry) { e.Files[1].Path = e.Files[0].Path },
		"no digest":      func(e *Entry) { e.Files[1].SHA256 = "" },
		"negative size":  func(e *Entry) { e.Files[1].Size = -1 },
	} {
		s, e := opened(t, t.TempDir(), Limits{}), entry(1)
		change(&e)
		if _, err := s.Add(t.Context(), e); !errors.Is(err, ErrBadEntry) {
			t.Errorf("%s: %v", name, err)
		}
	}
	s, e := opened(t, t.TempDir(), Limits{}), entry(1)
	e.Files[1].Open = file("", "other").Open
	if _, err := s.Add(t.Context(), e); !errors.Is(err, ErrChanged) {
		t.Errorf("another body: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Add(ended, entry(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if got := ids(t, s); got != "" {
		t.Error(got)
	}
}

// Whatever is done to the spool is named, left as it is, and keeps the other entries
// from nobody.
func TestTampering(t *testing.T) {
	for name, harm := range map[string]func(entry string) error{
		"a byte changed": func(e string) error {
			return os.WriteFile(filepath.Join(e, "packet.json"), []byte(`{"id": "pp-7"}`), 0o600)
		},
		"a file cut":       func(e string) error { return os.Truncate(filepath.Join(e, "exhibits/scorecard.pdf"), 3) },
		"a file gone":      func(e string) error { return os.Remove(filepath.Join(e, "exhibits/scorecard.pdf")) },
		"a file more":      func(e string) error { return os.WriteFile(filepath.Join(e, "exhibits/other"), nil, 0o600) },
		"the header gone":  func(e string) error { return os.Remove(filepath.Join(e, headerName)) },
		"the header empty": func(e string) error { return os.Truncate(filepath.Join(e, headerName), 0) },
		"another operator": func(e string) error { return edit(filepath.Join(e, headerName), "release-ops", "release-0ps") },
		"a link for a file": func(e string) error {
			return errors.Join(os.Rename(filepath.Join(e, "packet.json"), e+"/../../moved"), os.Symlink("../../moved", filepath.Join(e, "packet.json")))
		},
		"a link out": func(e string) error {
			return errors.Join(os.Remove(filepath.Join(e, "packet.json")), os.Symlink("/etc/passwd", filepath.Join(e, "packet.json")))
		},
		"a link for an entry": func(e string) error { return errors.Join(os.Rename(e, e+"/../../moved"), os.Symlink("../moved", e)) },
		"an entry renamed":    func(e string) error { return os.Rename(e, strings.Replace(e, "20260804", "20260803", 1)) },
		"a foreign file":      func(e string) error { return os.WriteFile(filepath.Dir(e)+"/notes.txt", nil, 0o600) },
		"a file beside":       func(e string) error { return os.WriteFile(filepath.Dir(e)+"/../notes.txt", nil, 0o600) },
		"a foreign folder":    func(e string) error { return os.Mkdir(filepath.Dir(e)+"/20260804T102200.000000000Z-1-00", 0o700) },
		"a pipe":              func(e string) error { return syscall.Mkfifo(filepath.Join(e, "exhibits/pipe"), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			s := opened(t, t.TempDir(), Limits{})
			add(t, s, 1)
			victim := filepath.Join(s.Dir(), entriesDir, add(t, s, 2).Name)
			add(t, s, 3)
			if err := harm(victim); err != nil {
				t.Fatal(err)
			}
			before := tree(t, s.Dir())
			entries, err := s.Entries(t.Context())
			found := fmt.Sprint(err)
			for _, e := range entries {
				if _, err := s.whole(t.Context(), e.Name); err != nil {
					found += err.Error()
				} else if e.PromotionPacketID == "pp-2" && !strings.Contains(name, "foreign") && !strings.Contains(name, "beside") {
					t.Error("the entry passes")
				}
			}
			if !strings.Contains(found, ErrDamaged.Error()) {
				t.Errorf("not found: %v", found)
			}
			if len(entries) < 2 || entries[0].PromotionPacketID != "pp-1" || entries[len(entries)-1].PromotionPacketID != "pp-3" {
				t.Errorf("the others: %d", len(entries))
			}
			if after := tree(t, s.Dir()); after != before {
				t.Errorf("it was not left:\n%s\n%s", before, after)
			}
		})
	}
}

func edit(path, from, to string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(strings.Replace(string(b), from, to, 1)), 0o600)
}

func tree(t *testing.T, dir string) string {
	t.Helper()
	var all []string
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil {
			all = append(all, fmt.Sprintln(path, info.Mode(), info.Size()))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, "")
}

// A damaged entry is not taken for the packet that is spooled again.
func TestAddOntoDamage(t *testing.T) {
	s := opened(t, t.TempDir(), Limits{})
	e := add(t, s, 1)
	if err := edit(filepath.Join(s.Dir(), entriesDir, e.Name, "packet.json"), "pp-1", "pp-7"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Add(t.Context(), entry(1)); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
}

func TestUnsafeDirectories(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, Limits{}); !errors.Is(err, ErrUnsafe) {
		t.Error(err)
	}
	dir = t.TempDir()
	if err := os.Symlink("/etc", filepath.Join(dir, entriesDir)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, Limits{}); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
}
