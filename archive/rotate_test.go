package archive_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// A key is rotated in the middle of a log: everything before and after still
// verifies. Whoever keeps the old key, and dates a manifest back to when it was in
// use, gets a row at the end of the log, after rows of later, and is found out.
func TestRotationInTheMiddle(t *testing.T) {
	old, fresh := newSigner(t), newSigner(t)
	rotated := noon.Add(24 * time.Hour)
	trust, err := manifest.Trust{Keys: []manifest.TrustedKey{
		{Key: old.PublicKey(), Owner: "release-ops", Until: rotated},
		{Key: fresh.PublicKey(), Owner: "release-ops", From: rotated},
	}}.NewVerifier()
	if err != nil {
		t.Fatal(err)
	}
	bucket := memworm.New()
	exportAs := func(s *manifest.Signer, at time.Time, id string) (exportlog.Row, error) {
		cfg := config(t)
		cfg.Signer, cfg.Verifier, cfg.Clock = s, trust, func() time.Time { return at }
		r, err := over(t, bucket, cfg).Export(t.Context(), packet(t, id))
		return r.Row, err
	}
	var rows []exportlog.Row
	for i, s := range []*manifest.Signer{old, old, fresh, fresh} {
		row, err := exportAs(s, noon.Add(time.Duration(i)*12*time.Hour), fmt.Sprintf("pp-%d", i))
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	reader := over(t, bucket, archive.Config{Verifier: trust, Clock: func() time.Time { return rotated }})
	for _, row := range rows {
		if _, err := reader.Confirm(t.Context(), row); err != nil {
			t.Errorf("row %d: %v", row.ExportRowID, err)
		}
	}
	if _, err := reader.Verify(t.Context()); err != nil {
		t.Error(err)
	}

	backdated, err := exportAs(old, noon, "pp-forged")
	if err != nil {
		t.Fatal(err)
	}
	var broken *archive.NotConfirmedError
	if _, err := reader.Confirm(t.Context(), backdated); !errors.As(err, &broken) || !strings.Contains(broken.Error(), "key was not in use") {
		t.Errorf("a back-dated manifest: %v", err)
	}
	if _, err := reader.Verify(t.Context()); !errors.As(err, &broken) || broken.Findings[0].ExportRowID != backdated.ExportRowID {
		t.Errorf("a back-dated manifest: %v", err)
	}
}

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

// Given what a row has for a content_integrity_reference, Resolve finds, checks
// and verifies the rest.
func TestResolve(t *testing.T) {
	dir, cfg := t.TempDir(), config(t)
	a := inDirectory(t, dir, cfg)
	scene(t, a)
	receipts, err := a.ExportBatch(t.Context(), []archive.Packet{packet(t, "pp-8"), packet(t, "pp-9")})
	if err != nil {
		t.Fatal(err)
	}
	reference := receipts[0].ContentIntegrityReference
	all, err := a.Resolve(t.Context(), reference)
	if err != nil || len(all) != 2 || all[0].Packet.PromotionPacketID != "pp-8" || all[1].Row.ExportRowID != receipts[1].ExportRowID {
		t.Fatalf("%d exports, %v", len(all), err)
	}
	if document, err := all[1].Document(t.Context()); err != nil || !bytes.Contains(document, []byte("pp-9")) {
		t.Errorf("%s, %v", document, err)
	}
	for _, bad := range []string{"", "sha256:", "sha1:00", strings.ToUpper(reference), reference[:70]} {
		if _, err := a.Resolve(t.Context(), bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
	if _, err := a.Resolve(t.Context(), "sha256:"+strings.Repeat("0", 64)); !errors.Is(err, archive.ErrNotArchived) {
		t.Errorf("of nothing: %v", err)
	}
	path := filepath.Join(dir, "manifests", receipts[0].ExportBatchID, strings.TrimPrefix(reference, "sha256:")+".sigstore.json")
	if err := harms["edited"](path); err != nil {
		t.Fatal(err)
	}
	var broken *archive.NotConfirmedError
	if _, err := inDirectory(t, dir, cfg).Resolve(t.Context(), reference); !errors.As(err, &broken) {
		t.Errorf("of a manifest that was edited: %v", err)
	}
}

// A key service that fails leaves no manifest and no row, and the packet where
// it is for the next run.
func TestAKeyThatFails(t *testing.T) {
	bucket, cfg := memworm.New(), config(t)
	working := cfg.Signer
	cfg.Signer = manifest.NewSealingSigner(deadKey{})
	cfg.Verifier = working.Verifier()
	if _, err := over(t, bucket, cfg).Export(t.Context(), packet(t, "pp-1").With(exhibit("scorecard.pdf", "green"))); !errors.Is(err, errDead) {
		t.Fatalf("%v", err)
	}
	left := keys(t, bucket)
	if len(left) != 2 || !strings.HasPrefix(left[0], "packets/pp-1/") || !strings.HasPrefix(left[1], "packets/pp-1/") {
		t.Fatalf("it left %v", left)
	}
	cfg.Signer = working
	a := over(t, bucket, cfg)
	r, err := a.Export(t.Context(), packet(t, "pp-1").With(exhibit("scorecard.pdf", "green")))
	if err != nil || r.ExportRowID != 1 || r.AlreadyExported {
		t.Fatalf("%+v, %v", r, err)
	}
	if _, err := a.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	for _, key := range left {
		versions := 0
		for e, err := range bucket.List(t.Context(), key) {
			if err != nil {
				t.Fatal(err)
			}
			if e.Ref.Key == key {
				versions++
			}
		}
		if versions != 1 {
			t.Errorf("%s has %d versions", key, versions)
		}
	}
}

var errDead = errors.New("the key service is down")

// deadKey is a key service that is down.
type deadKey struct{}

func (deadKey) Seal(context.Context, []byte) ([]byte, error) { return nil, errDead }
func (deadKey) VerifyIdentity([]byte) (manifest.Signatory, error) {
	return manifest.Signatory{}, errDead
}
