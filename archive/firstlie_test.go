package archive_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
)

// A log that was written anew from some row on, hashes and all, does not bear out
// what the manifests remember: Confirm of a later export and Verify both name the
// first row that lies.
func TestFirstLyingRowIsNamed(t *testing.T) {
	for _, lie := range []int64{1, 4, 7} {
		dir, cfg := t.TempDir(), config(t)
		a := inDirectory(t, dir, cfg)
		var last exportlog.Row
		for i := range 9 {
			r, err := a.Export(t.Context(), packet(t, fmt.Sprintf("pp-%d", i)))
			if err != nil {
				t.Fatal(err)
			}
			last = r.Row
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		rewriteLog(t, dir, lie)
		forged := inDirectory(t, dir, cfg)
		last = rows(t, forged)[last.ExportRowID-1]
		want := fmt.Sprintf("row %d is the first that was rewritten", lie)
		var broken *archive.NotConfirmedError
		if _, err := forged.Confirm(t.Context(), last); !errors.As(err, &broken) || !strings.Contains(broken.Error(), want) {
			t.Errorf("Confirm: %v, want %q", err, want)
		}
		report, err := forged.Verify(t.Context())
		if err == nil || !forkedAt(report.Findings, lie) {
			t.Errorf("Verify: %v, want row %d", report.Findings, lie)
		}
	}
}

func forkedAt(findings []exportlog.Finding, row int64) bool {
	for _, f := range findings {
		if f.Kind == exportlog.Forked && f.ExportRowID == row {
			return true
		}
	}
	return false
}

// rewriteLog changes a row of a log of one row a commit and mends every hash after
// it, as somebody would who owns the directory, and removes what was derived.
func rewriteLog(t *testing.T, dir string, lie int64) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "log/commits/000/000/000/*.jsonl"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%v, %v", paths, err)
	}
	for _, derived := range []string{"head", "by", "tile", "blocks"} {
		if err := os.RemoveAll(filepath.Join(dir, "log", derived)); err != nil {
			t.Fatal(err)
		}
	}
	var prev []byte
	var hashes []tlog.Hash
	tree := tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
		var all []tlog.Hash
		for _, i := range at {
			all = append(all, hashes[i])
		}
		return all, nil
	})
	for i, path := range paths {
		if err := rewrite(path, func(line []byte) []byte {
			if int64(i+1) == lie {
				line = bytes.Replace(line, []byte("release-ops/test"), []byte("release-ops/liar"), 1)
			}
			if prev != nil {
				line = replaceHash(line, "prev_row_sha256", sha256.Sum256(prev))
				root, err := tlog.TreeHash(int64(i), tree)
				if err != nil {
					t.Fatal(err)
				}
				line = replaceHash(line, "prev_root_sha256", root)
			}
			prev = bytes.Clone(line)
			return line
		}); err != nil {
			t.Fatal(err)
		}
		forgeRecord(t, path)
		stored, err := tlog.StoredHashes(int64(i), prev, tree)
		if err != nil {
			t.Fatal(err)
		}
		hashes = append(hashes, stored...)
	}
}

func replaceHash(line []byte, field string, sum [32]byte) []byte {
	return regexp.MustCompile(`("`+field+`":")[0-9a-f]{64}`).ReplaceAll(line, []byte("${1}"+hex.EncodeToString(sum[:])))
}

// A row that was edited without mending the hashes after it is found by Confirm of a
// later one, where nothing derived from the log vouches for the rows between.
func TestClumsyRewriteIsFound(t *testing.T) {
	dir, cfg := t.TempDir(), config(t)
	a := inDirectory(t, dir, cfg)
	var last exportlog.Row
	for i := range 5 {
		r, err := a.Export(t.Context(), packet(t, fmt.Sprintf("pp-%d", i)))
		if err != nil {
			t.Fatal(err)
		}
		last = r.Row
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	for _, derived := range []string{"head", "by", "tile", "blocks"} {
		if err := os.RemoveAll(filepath.Join(dir, "log", derived)); err != nil {
			t.Fatal(err)
		}
	}
	if err := harms["edited"](filepath.Join(dir, "log/commits/000/000/000/002.jsonl")); err != nil {
		t.Fatal(err)
	}
	_, err := inDirectory(t, dir, cfg).Confirm(t.Context(), last)
	if !errors.Is(err, archive.ErrNotConfirmed) || !strings.Contains(err.Error(), "002") {
		t.Errorf("Confirm: %v", err)
	}
}
