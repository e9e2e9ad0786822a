package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/fileworm"
)

// published is a log of ours in a directory, as somebody else finds it.
type published struct {
	client.FileFetcher // over the log's own folder: its tiles are C2SP tlog-tiles
	checkpoint         []byte
	verifier           note.Verifier
}

// ReadCheckpoint returns the one we hand out: ours are not under one fixed name.
func (p published) ReadCheckpoint(context.Context) ([]byte, error) { return p.checkpoint, nil }

// leafHashes is how tlog-tiles entries become leaves of RFC 6962.
func leafHashes(bundle []byte) ([][]byte, error) {
	var b api.EntryBundle
	if err := b.UnmarshalText(bundle); err != nil {
		return nil, err
	}
	var hashes [][]byte
	for _, entry := range b.Entries {
		hashes = append(hashes, rfc6962.DefaultHasher.HashLeaf(entry))
	}
	return hashes, nil
}

func (p published) fsck(ctx context.Context) error {
	return fsck.New(p.verifier.Name(), p.verifier, p, leafHashes, fsck.Opts{N: 2}).Check(ctx)
}

// publish writes a log of some rows and signs a checkpoint over it.
func publish(t *testing.T, rows int) (published, *exportlog.Log, exportlog.Checkpoint, string) {
	t.Helper()
	dir := t.TempDir()
	driver, err := fileworm.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	store, err := worm.New(t.Context(), driver)
	if err != nil {
		t.Fatal(err)
	}
	private, public, err := note.GenerateKey(rand.Reader, "log.example/release")
	if err != nil {
		t.Fatal(err)
	}
	key, err := exportlog.NewCheckpointKey(private, public)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(public)
	if err != nil {
		t.Fatal(err)
	}
	l := exportlog.Open(store, exportlog.Config{Checkpoints: key})
	t.Cleanup(func() { l.Close() })
	for n := 0; n < rows; {
		batch := make([]exportlog.Row, min(100, rows-n))
		for i := range batch {
			batch[i] = row(fmt.Sprint(n + i))
			batch[i].ExportBatchID = "eb-all"
		}
		if _, err := l.Append(t.Context(), batch...); err != nil {
			t.Fatal(err)
		}
		n += len(batch)
	}
	c, err := l.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return published{client.FileFetcher{Root: filepath.Join(dir, "log")}, c.Note, verifier}, l, c, dir
}

// Tessera's fsck rebuilds our tree from our entry bundles, and finds our tiles and
// our checkpoint to be what it comes to.
func TestTesseraFsck(t *testing.T) {
	for _, rows := range []int{1, 255, 256, 257, 700} {
		p, _, _, dir := publish(t, rows)
		if err := p.fsck(t.Context()); err != nil {
			t.Errorf("%d rows: %v", rows, err)
		}
		if rows < 256 {
			continue
		}
		for _, name := range []string{"log/tile/0/000", "log/tile/entries/000"} {
			changed(t, filepath.Join(dir, name), func() {
				if err := p.fsck(t.Context()); err == nil {
					t.Errorf("%d rows: fsck took a changed %s", rows, name)
				}
			})
		}
	}
}

// changed flips a bit of a file while something is done.
func changed(t *testing.T, path string, do func()) {
	t.Helper()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	broken := bytes.Clone(whole)
	broken[len(broken)/2] ^= 1
	for _, b := range [][]byte{broken, whole} {
		if err := os.Chmod(path, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(b, broken) {
			do()
		}
	}
}

// Proofs that Tessera's ProofBuilder builds from our tiles, and proofs of ours,
// both pass transparency-dev's verifiers under our checkpoint.
func TestProofsByOthersAndForOthers(t *testing.T) {
	const rows = 700
	p, l, c, _ := publish(t, rows)
	builder, err := client.NewProofBuilder(t.Context(), uint64(c.Size), p.ReadTile)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int64{1, 2, 255, 256, 257, 512, 699, 700} {
		found, err := l.Find(t.Context(), exportlog.Query{ExportRowID: n})
		if err != nil || len(found) != 1 {
			t.Fatalf("row %d: %v", n, err)
		}
		leaf := rfc6962.DefaultHasher.HashLeaf(found[0].Line())
		theirs, err := builder.InclusionProof(t.Context(), uint64(n-1))
		if err != nil {
			t.Fatal(err)
		}
		ours, err := l.ProveRow(t.Context(), n, c.Size)
		if err != nil {
			t.Fatal(err)
		}
		for whose, hashes := range map[string][][]byte{"Tessera's": theirs, "our": raw(ours.Hashes)} {
			if err := proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(n-1), uint64(c.Size), leaf, hashes, c.Root[:]); err != nil {
				t.Errorf("%s proof of row %d: %v", whose, n, err)
			}
		}
	}
	for i := range 10 {
		if _, err := l.Append(t.Context(), row(fmt.Sprint("later", i))); err != nil {
			t.Fatal(err)
		}
	}
	later, err := l.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	grown, err := l.ProveConsistency(t.Context(), c.Size, later.Size)
	if err != nil {
		t.Fatal(err)
	}
	if err := proof.VerifyConsistency(rfc6962.DefaultHasher, uint64(c.Size), uint64(later.Size), raw(grown.Hashes), c.Root[:], later.Root[:]); err != nil {
		t.Error(err)
	}
	builder, err = client.NewProofBuilder(t.Context(), uint64(later.Size), p.ReadTile)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := builder.ConsistencyProof(t.Context(), uint64(c.Size), uint64(later.Size))
	if err != nil {
		t.Fatal(err)
	}
	if err := proof.VerifyConsistency(rfc6962.DefaultHasher, uint64(c.Size), uint64(later.Size), theirs, c.Root[:], later.Root[:]); err != nil {
		t.Error(err)
	}
}

func raw(digests []worm.Digest) [][]byte {
	hashes := make([][]byte, len(digests))
	for i := range digests {
		hashes[i] = digests[i][:]
	}
	return hashes
}
