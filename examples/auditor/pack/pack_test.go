package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/pem"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/linkage"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// packed exports a promotion among others, binds an incident to it, and writes its
// pack. It returns the folder and the fingerprints that release operations publishes.
func packed(t *testing.T, signer *manifest.Signer, others int, options linkage.PackOptions) (dir string, published []string) {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, "evidence.example.com/release")
	must(t, err)
	key, err := exportlog.NewCheckpointKey(private, public)
	must(t, err)
	store, err := worm.New(t.Context(), memworm.New())
	must(t, err)
	a, err := archive.OpenStore(store, archive.Config{Signer: signer, Operator: "release-ops/test", Checkpoints: key})
	must(t, err)
	defer a.Close()
	packet, err := archive.ReadFolder(os.DirFS("../../quickstart/testdata/payments"))
	must(t, err)
	batch := []archive.Packet{packet}
	for i := range others {
		p, err := archive.ParseJSON(fmt.Appendf(nil, `{"promotion_packet_id": "pp-%d", "promotion_decision": "promote", "promotion_decision_at_utc": "2026-08-04T10:22:00Z"}`, i))
		must(t, err)
		if options.Peers == linkage.RefusePeers {
			_, err = a.Export(t.Context(), p)
			must(t, err)
		} else {
			batch = append(batch, p)
		}
	}
	receipts, err := a.ExportBatch(t.Context(), batch)
	must(t, err)
	linker := linkage.New(a)
	_, err = linker.Bind(t.Context(), linkage.Divergence{ExportRowID: receipts[0].ExportRowID, IncidentTicketID: "INC-2888",
		DivergenceSummary: "purchases fail", LinkOwnerAck: linkage.Ack{Role: linkage.IncidentCommander, Name: "on-call lead"}})
	must(t, err)
	pack, err := linker.Pack(t.Context(), receipts[0].ExportRowID, options)
	must(t, err)
	dir = filepath.Join(t.TempDir(), "pack")
	must(t, pack.WriteDir(t.Context(), dir))
	for _, of := range []interface{ PublicKeyPEM() ([]byte, error) }{signer, checkpointKey{key}} {
		b, err := of.PublicKeyPEM()
		must(t, err)
		block, _ := pem.Decode(b)
		published = append(published, fmt.Sprintf("%x", sha256.Sum256(block.Bytes)))
	}
	return dir, published
}

type checkpointKey struct{ *exportlog.CheckpointKey }

func (k checkpointKey) PublicKeyPEM() ([]byte, error) { return k.PublicPEM() }

func newSigner(t *testing.T) *manifest.Signer {
	t.Helper()
	s, err := manifest.CreateKey(t.TempDir() + "/key")
	must(t, err)
	return s
}

func TestVerified(t *testing.T) {
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	for kind, key := range map[string]any{"Ed25519": ed, "RSA": r} {
		signer, err := manifest.NewSigner(key)
		must(t, err)
		dir, published := packed(t, signer, 0, linkage.PackOptions{})
		if err := audit(os.DirFS(dir), published, lenience{}); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
	for others := range 9 { // trees of every shape
		dir, published := packed(t, newSigner(t), others, linkage.PackOptions{})
		if err := audit(os.DirFS(dir), published, lenience{}); err != nil {
			t.Errorf("among %d others: %v", others, err)
		}
	}
}

// A bit that is another anywhere in the pack is refused; in what the evidence rests on,
// also when the sums were put right.
func TestFlippedBits(t *testing.T) {
	dir, published := packed(t, newSigner(t), 6, linkage.PackOptions{})
	reading := map[string]bool{"VERIFY.md": true, "lineage.html": true, "lineage.json": true, "SHA256SUMS": true}
	for _, name := range files(t, dir) {
		original := content(t, dir, name)
		changed := bytes.Clone(original)
		changed[len(changed)/2] ^= 1
		must(t, os.WriteFile(filepath.Join(dir, name), changed, 0o644))
		if err := audit(os.DirFS(dir), published, lenience{}); err == nil {
			t.Errorf("%s: not refused", name)
		}
		if !reading[name] {
			sums := content(t, dir, "SHA256SUMS")
			sumUp(t, dir)
			if err := audit(os.DirFS(dir), published, lenience{}); err == nil {
				t.Errorf("%s, with sums put right: not refused", name)
			}
			must(t, os.WriteFile(filepath.Join(dir, "SHA256SUMS"), sums, 0o644))
		}
		must(t, os.WriteFile(filepath.Join(dir, name), original, 0o644))
	}
	must(t, audit(os.DirFS(dir), published, lenience{})) // all is as it was
}

// Neither more nor less than what was signed, and no other keys.
func TestForged(t *testing.T) {
	original, published := packed(t, newSigner(t), 3, linkage.PackOptions{})
	another, theirs := packed(t, newSigner(t), 3, linkage.PackOptions{})
	for what, forge := range map[string]func(dir string) error{
		"an exhibit more":             func(dir string) error { return os.WriteFile(dir+"/packet/exhibits/more", []byte("x"), 0o644) },
		"an exhibit less":             func(dir string) error { return os.Remove(dir + "/packet/exhibits/scorecard.pdf") },
		"another pack's manifest":     func(dir string) error { return copyFile(another, dir, "manifest.sigstore.json") },
		"another log's checkpoint":    func(dir string) error { return copyFile(another, dir, "checkpoint") },
		"no manifest":                 func(dir string) error { return os.Remove(dir + "/manifest.sigstore.json") },
		"no checkpoint":               func(dir string) error { return os.Remove(dir + "/checkpoint") },
		"no proofs":                   func(dir string) error { return os.RemoveAll(dir + "/proofs") },
		"no rows":                     func(dir string) error { return os.RemoveAll(dir + "/rows") },
		"a link that leads out of it": func(dir string) error { return os.Symlink("/etc/hostname", dir+"/packet/exhibits/link") },
	} {
		dir := t.TempDir()
		must(t, os.CopyFS(dir, os.DirFS(original)))
		must(t, forge(dir))
		sumUp(t, dir)
		if err := audit(os.DirFS(dir), append(published, theirs...), lenience{}); err == nil {
			t.Errorf("%s: not refused", what)
		}
	}
	if err := audit(os.DirFS(original), theirs, lenience{}); err == nil {
		t.Error("keys that nobody published: not refused")
	}
}

// What a pack does not have must be allowed by whoever reads it, and never all at once.
func TestLenience(t *testing.T) {
	dir, published := packed(t, newSigner(t), 2, linkage.PackOptions{Peers: linkage.WithholdManifest})
	if err := audit(os.DirFS(dir), published, lenience{}); err == nil {
		t.Error("a manifest that is missing: not refused")
	}
	must(t, audit(os.DirFS(dir), published, lenience{withheld: true}))
	dir, published = packed(t, newSigner(t), 2, linkage.PackOptions{WithoutProofs: true})
	if err := audit(os.DirFS(dir), published, lenience{}); err == nil {
		t.Error("proofs that are missing: not refused")
	}
	must(t, audit(os.DirFS(dir), published, lenience{withoutProofs: true}))
	if err := audit(os.DirFS(dir), published, lenience{withoutProofs: true, withheld: true}); err == nil {
		t.Error("nothing signed at all: not refused")
	}
}

func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	must(t, fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, name)
		}
		return err
	}))
	return names
}

// sumUp writes SHA256SUMS anew, as whoever changed something would.
func sumUp(t *testing.T, dir string) {
	t.Helper()
	var b bytes.Buffer
	for _, name := range files(t, dir) {
		if name != "SHA256SUMS" {
			fmt.Fprintf(&b, "%x  ./%s\n", sha256.Sum256(content(t, dir, name)), name)
		}
	}
	must(t, os.WriteFile(dir+"/SHA256SUMS", b.Bytes(), 0o644))
}

func copyFile(from, to, name string) error {
	b, err := os.ReadFile(filepath.Join(from, name))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(to, name), b, 0o644)
}

func content(t *testing.T, dir, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	must(t, err)
	return b
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
