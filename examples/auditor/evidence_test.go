package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/fileworm"
)

// export puts one packet into an archive and its evidence into an empty folder:
// the packet, the bundle and the public key.
func export(t *testing.T, signer *manifest.Signer) (dir string) {
	t.Helper()
	bucket := t.TempDir()
	driver, err := fileworm.New(bucket)
	if err != nil {
		t.Fatal(err)
	}
	store, err := worm.New(t.Context(), driver)
	if err != nil {
		t.Fatal(err)
	}
	a, err := archive.OpenStore(store, archive.Config{Signer: signer, Operator: "release-ops/test"})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	document := `{"promotion_packet_id": "pp-1", "promotion_decision": "promote", "promotion_decision_at_utc": "2026-08-04T10:22:00Z"}`
	p, err := archive.ParseJSON([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	r, err := a.Export(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return evidence(t, signer, []byte(document), read(t, manifestOf(bucket, r.Row)))
}

func manifestOf(bucket string, row exportlog.Row) string {
	return filepath.Join(bucket, "manifests", row.ExportBatchID, strings.TrimPrefix(row.ContentIntegrityReference, "sha256:")+".sigstore.json")
}

func evidence(t *testing.T, signer *manifest.Signer, packet, bundle []byte) (dir string) {
	t.Helper()
	pub, err := signer.PublicKeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	for name, content := range map[string][]byte{"packet": packet, "bundle.json": bundle, "key.pub": pub} {
		write(t, filepath.Join(dir, name), content)
	}
	return dir
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

func newSigner(t *testing.T) *manifest.Signer {
	t.Helper()
	s, err := manifest.CreateKey(t.TempDir() + "/key")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// copied is a folder with the same files.
func copied(t *testing.T, dir string) string {
	t.Helper()
	other := t.TempDir()
	if err := os.CopyFS(other, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return other
}

func flipFile(t *testing.T, path string) {
	t.Helper()
	b := bytes.Clone(read(t, path))
	b[len(b)/2] ^= 1
	write(t, path, b)
}

func editBundle(t *testing.T, dir string, change func(b map[string]any)) {
	t.Helper()
	var b map[string]any
	if err := json.Unmarshal(read(t, dir+"/bundle.json"), &b); err != nil {
		t.Fatal(err)
	}
	change(b)
	edited, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir+"/bundle.json", edited)
}

func material(b map[string]any) map[string]any { return b["verificationMaterial"].(map[string]any) }

func payloadOf(b map[string]any) (map[string]any, string) {
	return b["dsseEnvelope"].(map[string]any), "payload"
}

func signatureOf(b map[string]any) (map[string]any, string) {
	return b["dsseEnvelope"].(map[string]any)["signatures"].([]any)[0].(map[string]any), "sig"
}

// flipBundle changes one bit of what a base64 field of the bundle holds.
func flipBundle(t *testing.T, dir string, where func(b map[string]any) (map[string]any, string)) {
	t.Helper()
	editBundle(t, dir, func(b map[string]any) {
		in, field := where(b)
		var raw []byte
		if err := json.Unmarshal(fmt.Appendf(nil, "%q", in[field]), &raw); err != nil {
			t.Fatal(err)
		}
		raw[len(raw)/2] ^= 1
		in[field] = raw
	})
}
