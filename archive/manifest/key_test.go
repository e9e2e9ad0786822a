package manifest_test

import (
	"crypto/elliptic"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/sigstore/sigstore/pkg/cryptoutils"

	"github.com/holdfast-archive/holdfast/archive/manifest"
)

func TestCreateKeyNeverOverwrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	first, err := manifest.CreateKey(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := manifest.CreateKey(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("create again: %v", err)
	}
	again, err := manifest.LoadOrCreateKey(path)
	if err != nil || again.KeyID() != first.KeyID() {
		t.Errorf("load: %v", err)
	}
	for name, mode := range map[string]fs.FileMode{path: 0o600, path + manifest.PublicSuffix: 0o644} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s has mode %v (%v), want %v", name, info.Mode(), err, mode)
		}
	}
	v, err := manifest.LoadVerifier(path + manifest.PublicSuffix)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(sign(t, first)); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".holdfast*")); len(left) != 0 {
		t.Errorf("it left %v", left)
	}
}

// A public key that was lost is written again; another one in its place is not
// touched.
func TestPublicKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if _, err := manifest.CreateKey(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path + manifest.PublicSuffix); err != nil {
		t.Fatal(err)
	}
	if _, err := manifest.LoadOrCreateKey(path); err != nil {
		t.Fatal(err)
	}
	if _, err := manifest.LoadVerifier(path + manifest.PublicSuffix); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(path+manifest.PublicSuffix, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := manifest.LoadOrCreateKey(path); err == nil {
		t.Error("another file in the public key's place was ignored")
	}
	if b, _ := os.ReadFile(path + manifest.PublicSuffix); string(b) != "mine" {
		t.Errorf("it was overwritten with %q", b)
	}
}

func TestLoadOrCreateKeyRace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	var wg sync.WaitGroup
	ids := make([]string, 16)
	for i := range ids {
		wg.Go(func() {
			s, err := manifest.LoadOrCreateKey(path)
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = s.KeyID()
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("they have different keys: %v", ids)
		}
	}
}

func TestEncryptedKey(t *testing.T) {
	for _, password := range []string{"correct horse", ""} {
		pem, _, err := cryptoutils.GeneratePEMEncodedECDSAKeyPair(elliptic.P256(), cryptoutils.StaticPasswordFunc([]byte(password)))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(path, pem, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := manifest.LoadSigner(path, manifest.PasswordOf(password)); err != nil {
			t.Errorf("password %q: %v", password, err)
		}
		if _, err := manifest.LoadSigner(path, manifest.PasswordOf("wrong")); err == nil {
			t.Errorf("password %q: a wrong one was good enough", password)
		}
	}
}

func TestBadKeyFiles(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"empty": "", "garbage": "x", "huge": strings.Repeat("x", 1<<20), "pem": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := manifest.LoadSigner(path, nil); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("signer from %s: %v", name, err)
		}
		if _, err := manifest.LoadVerifier(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("verifier from %s: %v", name, err)
		}
	}
	if _, err := manifest.LoadSigner(filepath.Join(dir, "absent"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent: %v", err)
	}
	if _, err := manifest.LoadOrCreateKey(filepath.Join(dir, "no", "such", "folder")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
}

// What the package doc tells an auditor to type works, without this package.
func TestByHand(t *testing.T) {
	for _, tool := range []string{"bash", "openssl", "jq", "base64"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	check := map[string]string{
		"P-256":   "openssl dgst -sha256 -verify holdfast.key.pub -signature sig pae",
		"RSA":     "openssl dgst -sha256 -verify holdfast.key.pub -signature sig pae",
		"Ed25519": "openssl pkeyutl -verify -pubin -inkey holdfast.key.pub -rawin -in pae -sigfile sig",
	}
	for kind, s := range signers(t) {
		dir := t.TempDir()
		pem, err := s.PublicKeyPEM()
		if err != nil {
			t.Fatal(err)
		}
		for name, content := range map[string][]byte{"bundle.json": sign(t, s), "holdfast.key.pub": pem} {
			if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		const unpack = `set -euo pipefail
jq -r .dsseEnvelope.payload bundle.json | base64 -d > statement.json
printf 'DSSEv1 28 application/vnd.in-toto+json %d ' $(wc -c < statement.json) | cat - statement.json > pae
jq -r '.dsseEnvelope.signatures[0].sig' bundle.json | base64 -d > sig
`
		if out, err := shell(t, dir, unpack+check[kind]); err != nil {
			t.Errorf("%s: %v\n%s", kind, err, out)
		}
		if out, err := shell(t, dir, unpack+"printf x >> pae\n"+check[kind]); err == nil {
			t.Errorf("%s: an edited statement passed: %s", kind, out)
		}
		id, err := shell(t, dir, "openssl pkey -pubin -in holdfast.key.pub -outform DER | sha256sum")
		if err != nil || !strings.HasPrefix(id, s.KeyID()) {
			t.Errorf("%s: the key id by hand is %s (%v), not %s", kind, id, err, s.KeyID())
		}
		if id, err := manifest.KeyID(s.PublicKey()); err != nil || id != s.KeyID() {
			t.Errorf("%s: the key id is %s (%v), and the signer's %s", kind, id, err, s.KeyID())
		}
	}
}

func shell(t *testing.T, dir, script string) (string, error) {
	cmd := exec.CommandContext(t.Context(), "bash", "-c", script)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// This package stays light: sigstore-go, with all that it links, is for those who
// want certificates.
func TestStaysLight(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	modules := map[string]bool{}
	for m := range strings.FieldsSeq(string(out)) {
		modules[m] = true
		if strings.HasSuffix(m, "sigstore-go") || strings.HasPrefix(m, "google.golang.org/grpc") {
			t.Errorf("it links %s", m)
		}
	}
	if len(modules) > 15 {
		t.Errorf("it links %d modules: %v", len(modules), modules)
	}
	t.Logf("%d modules", len(modules))
}
