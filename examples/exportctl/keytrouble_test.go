package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/testing/ca"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
)

// writeKeyOf writes a private key as PEM, encrypted if there is a password.
func (d desk) writeKeyOf(name string, key any, password string) {
	d.Helper()
	pem, err := cryptoutils.MarshalPrivateKeyToPEM(key)
	if password != "" {
		pem, err = cryptoutils.MarshalPrivateKeyToEncryptedDER(key, cryptoutils.StaticPasswordFunc([]byte(password)))
		pem = cryptoutils.PEMEncode("ENCRYPTED SIGSTORE PRIVATE KEY", pem)
	}
	if err != nil {
		d.Fatal(err)
	}
	d.write(name, string(pem))
}

// A key that cannot sign is refused before anything is written, with why.
func TestKeysThatCannotSign(t *testing.T) {
	d := newDesk(t)
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GODEBUG", "rsa1024min=0")
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	d.writeKeyOf("p384.key", p384, "")
	d.writeKeyOf("rsa1024.key", short, "")
	d.writeKeyOf("encrypted.key", p256, "secret")
	d.write("empty.key", "")
	d.write("other.key", "this is no key\n")
	if err := os.Mkdir(filepath.Join(d.dir, "folder.key"), 0o700); err != nil {
		t.Fatal(err)
	}
	for key, words := range map[string][]string{
		"p384.key":         {"this is ECDSA P-384", "exportctl keys create"},
		"rsa1024.key":      {"this is RSA of 1024 bits", "exportctl keys create"},
		"encrypted.key":    {"the key is encrypted: set HOLDFAST_KEY_PASSWORD"},
		"holdfast.key.pub": {"PUBLIC KEY", "Signing takes a private key"},
		"empty.key":        {"empty.key: no such key in the file", "Signing takes a private key"},
		"other.key":        {"other.key: no such key in the file", "Signing takes a private key"},
		"folder.key":       {"is a directory", "the path of a file"},
		"missing.key":      {"no such file", "Check the path"},
		"foo://key":        {"no such key management service", "awskms://"},
		"keyless:guess":    {"keyless:github, keyless:env:NAME or keyless:file:PATH"},
		"keyless:github":   {"keyless.fulcio", "--trust"},
		"hashivault://key": nil,
	} {
		status := exitWrongUse
		if words == nil {
			status, words = exitUnreachable, []string{"VAULT_ADDR", "Set VAULT_ADDR and VAULT_TOKEN"}
		}
		d.here("keys", "check", "--key", key).says(status, append(words, "--key "+key)...)
	}
	d.here("export", "packet.json", "--key", "p384.key").says(exitWrongUse, "this is ECDSA P-384", "exportctl keys create")
	d.with("HOLDFAST_KEY_PASSWORD=guess").here("keys", "check", "--key", "encrypted.key").says(exitWrongUse, "the password does not open the key", "Set HOLDFAST_KEY_PASSWORD")
	if a := d.with("HOLDFAST_KEY_PASSWORD=secret").here("keys", "check", "--key", "encrypted.key"); a.status != exitDone {
		t.Error(a.errs)
	}
	if left, err := os.ReadDir(filepath.Join(d.dir, "bucket")); err != nil || len(left) > 0 {
		t.Errorf("%v were written: %v", left, err)
	}
}

// A key that others have is one more thing to look at.
func TestKeyThatAnybodyMayRead(t *testing.T) {
	d := newDesk(t)
	if err := os.Chmod(filepath.Join(d.dir, "holdfast.key"), 0o644); err != nil {
		t.Fatal(err)
	}
	if a := d.here("doctor"); a.status != exitDone || !strings.Contains(a.out, "! signing key") || !strings.Contains(a.out, "chmod 600") {
		t.Error(a.status, a.out)
	}
}

// Evidence that another key signed is named as such, and not as damaged.
func TestAnotherKey(t *testing.T) {
	d := newDesk(t)
	if a := d.here("export", "packet.json"); a.status != exitDone {
		t.Fatal(a.errs)
	}
	if err := os.Mkdir(filepath.Join(d.dir, "other"), 0o700); err != nil {
		t.Fatal(err)
	}
	if a := d.here("keys", "create", "--origin", "other.example.com/log", "--dir", "other"); a.status != exitDone {
		t.Fatal(a.errs)
	}
	a := d.here("verify", "--key", "other/holdfast.key")
	if a.status != exitFindings || !strings.Contains(a.out, "signed by a key that is not trusted") {
		t.Error(a.status, a.out, a.errs)
	}
	d.here("verify", "--key", "", "--trust", "other/holdfast.key").says(exitWrongUse, "PRIVATE KEY", "--trust its public half")
	d.here("keys", "check", "--key", "other/holdfast.key", "--trust", "holdfast.key.pub").says(exitFindings, "signed by a key that is not trusted", "add it to --trust")
	d.here("verify", "--key", "").says(exitWrongUse, "whose signatures count?", "--help")
}

// An identity without its token is known by the place where the token should have been.
func TestNoIdentityToken(t *testing.T) {
	virtual, err := ca.NewVirtualSigstore()
	if err != nil {
		t.Fatal(err)
	}
	trusted, err := root.NewTrustedRoot(root.TrustedRootMediaType01, virtual.FulcioCertificateAuthorities(), nil, virtual.TimestampingAuthorities(), virtual.RekorLogs())
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(trusted)
	if err != nil {
		t.Fatal(err)
	}
	d := newDesk(t)
	d.write("trusted_root.json", string(text))
	d.write("trust.yaml", `owners: [release-ops]
keyless:
  root: trusted_root.json
  fulcio: http://127.0.0.1:1
  log_entries: 1
  identities: [{issuer: https://issuer.example.com, subject: release@example.com, owner: release-ops}]
`)
	for key, says := range map[string]string{
		"keyless:github":         "GitHub Actions offers none",
		"keyless:env:NO_TOKEN":   "NO_TOKEN is not set",
		"keyless:file:not.there": "not.there: no such file",
	} {
		d.here("keys", "check", "--trust", "trust.yaml", "--key", key).says(exitWrongUse, "no identity token here: ", says, "id-token: write")
	}
}
