package manifest_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/kms"
	"github.com/sigstore/sigstore/pkg/signature/kms/fake"

	"github.com/holdfast-archive/holdfast/archive/manifest"
)

func TestOpenKMS(t *testing.T) {
	ctx := context.WithValue(t.Context(), fake.KmsCtxKey{}, crypto.PrivateKey(newKey(t)))
	s, err := manifest.OpenKMS(ctx, "fakekms://release")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Verifier().Verify(signedAt(t, s, time.Now())); err != nil {
		t.Error(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ctx = context.WithValue(t.Context(), fake.KmsCtxKey{}, crypto.PrivateKey(p384))
	if _, err := manifest.OpenKMS(ctx, "fakekms://release"); !errors.Is(err, manifest.ErrUnsupportedKey) {
		t.Errorf("a P-384 key in a KMS: %v", err)
	}
}

// A URI that no linked provider serves says which import is missing, and no program
// is looked for, let alone run.
func TestNoKMSPlugins(t *testing.T) {
	bin := t.TempDir()
	ran := filepath.Join(bin, "ran")
	for _, name := range []string{"sigstore-kms-x", "sigstore-kms-awskms", "sigstore-kms-"} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\ntouch "+ran+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	for uri, hint := range map[string]string{
		"awskms:///alias/release": "kms/aws", "gcpkms://projects/p": "kms/gcp", "azurekms://v/k": "kms/azure", "hashivault://k": "kms/hashivault",
		"x://y": "awskms://", "sigstore-kms-x://y": "awskms://", "rm://-rf": "awskms://", "://y": "awskms://", "": "awskms://",
	} {
		if _, err := manifest.OpenKMS(t.Context(), uri); !errors.Is(err, manifest.ErrUnknownKMS) || !strings.Contains(err.Error(), hint) {
			t.Errorf("%q: %v", uri, err)
		}
	}
	if _, err := os.Stat(ran); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a program was run: %v", err)
	}
}

// oddKMS serves a key service that a test made.
func oddKMS(sv signature.SignerVerifier) {
	kms.AddProvider("oddkms://", func(context.Context, string, crypto.Hash, ...signature.RPCOption) (kms.SignerVerifier, error) {
		return fakeKMS{SignerVerifier: sv}, nil
	})
}

// keepsContext is a key service's client that asks under the context it was made with,
// as Azure's does.
type keepsContext struct {
	fakeKMS
	made context.Context
}

func (k keepsContext) PublicKey(opts ...signature.PublicKeyOption) (crypto.PublicKey, error) {
	if err := k.made.Err(); err != nil {
		return nil, err
	}
	return k.fakeKMS.PublicKey(opts...)
}

// A client that keeps its context is not left with one that has ended.
func TestKMSThatKeepsItsContext(t *testing.T) {
	sv, err := signature.LoadECDSASignerVerifier(newKey(t), crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	kms.AddProvider("oddkms://", func(ctx context.Context, _ string, _ crypto.Hash, _ ...signature.RPCOption) (kms.SignerVerifier, error) {
		return keepsContext{fakeKMS{SignerVerifier: sv}, ctx}, nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	s, err := manifest.OpenKMS(ctx, "oddkms://key")
	cancel()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Verifier().Verify(signedAt(t, s, time.Now())); err != nil {
		t.Error(err)
	}
}

// A public key does not tell how its private half signs; a key that does so in a
// way that some tools cannot verify is refused when it is opened.
func TestKMSThatSignsInAnotherWay(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pss, err := signature.LoadRSAPSSSignerVerifier(key, crypto.SHA256, nil)
	if err != nil {
		t.Fatal(err)
	}
	sha512, err := signature.LoadRSAPKCS1v15SignerVerifier(key, crypto.SHA512)
	if err != nil {
		t.Fatal(err)
	}
	for reason, sv := range map[string]signature.SignerVerifier{"RSA-PSS": pss, "SHA-256": sha512} {
		oddKMS(sv)
		if _, err := manifest.OpenKMS(t.Context(), "oddkms://k"); !errors.Is(err, manifest.ErrUnsupportedKey) || !strings.Contains(err.Error(), reason) {
			t.Errorf("%s: %v", reason, err)
		}
	}
}

// A key service that throttles is asked again; one that does not answer is given
// up when the caller is; one that signs with another key is caught.
func TestKMSThatMisbehaves(t *testing.T) {
	healthy, err := signature.LoadECDSASignerVerifier(newKey(t), crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	other, err := signature.LoadECDSASignerVerifier(newKey(t), crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	open := func() (*manifest.Signer, *faultySigner) {
		f := &faultySigner{SignerVerifier: healthy}
		oddKMS(f)
		s, err := manifest.OpenKMS(t.Context(), "oddkms://k")
		if err != nil {
			t.Fatal(err)
		}
		f.calls.Store(0)
		return s, f
	}

	s, throttled := open()
	throttled.fail = 2
	if _, err := s.Sign(t.Context(), statement(t)); err != nil || throttled.calls.Load() != 3 {
		t.Errorf("throttled: %d calls, %v", throttled.calls.Load(), err)
	}
	s, broken := open()
	broken.fail = 1000
	if bundle, err := s.Sign(t.Context(), statement(t)); err == nil || bundle != nil || broken.calls.Load() != 4 {
		t.Errorf("broken: %d calls, %v", broken.calls.Load(), err)
	}
	s, hanging := open()
	hanging.hang = true
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.Sign(ctx, statement(t)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("hanging: %v", err)
	}
	s, rotated := open()
	rotated.signs = other
	if bundle, err := s.Sign(t.Context(), statement(t)); !errors.Is(err, manifest.ErrBadSignature) || bundle != nil {
		t.Errorf("rotated behind its name: %v", err)
	}
}

// Opening is bounded as signing is.
func TestOpenKMSThatMisbehaves(t *testing.T) {
	healthy, err := signature.LoadECDSASignerVerifier(newKey(t), crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	throttled := &faultySigner{SignerVerifier: healthy, fail: 1}
	oddKMS(throttled)
	if _, err := manifest.OpenKMS(t.Context(), "oddkms://k"); err != nil {
		t.Errorf("throttled: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	kms.AddProvider("oddkms://", func(context.Context, string, crypto.Hash, ...signature.RPCOption) (kms.SignerVerifier, error) {
		select {}
	})
	if _, err := manifest.OpenKMS(ctx, "oddkms://k"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a provider that hangs: %v", err)
	}
}

// fakeKMS is a key service over any signer.
type fakeKMS struct{ signature.SignerVerifier }

func (fakeKMS) CreateKey(context.Context, string) (crypto.PublicKey, error) {
	return nil, errors.New("not here")
}

func (fakeKMS) CryptoSigner(context.Context, func(error)) (crypto.Signer, crypto.SignerOpts, error) {
	return nil, nil, errors.New("not here")
}

func (fakeKMS) SupportedAlgorithms() []string { return nil }
func (fakeKMS) DefaultAlgorithm() string      { return "" }

// faultySigner fails some times, or hangs, or signs with another key.
type faultySigner struct {
	signature.SignerVerifier
	fail  int64 // how many times
	calls atomic.Int64
	hang  bool
	signs signature.Signer
}

func (f *faultySigner) SignMessage(message io.Reader, opts ...signature.SignOption) ([]byte, error) {
	calls := f.calls.Add(1)
	if f.hang {
		select {}
	}
	if calls <= f.fail {
		return nil, errors.New("429 throttled")
	}
	if f.signs != nil {
		return f.signs.SignMessage(message, opts...)
	}
	return f.SignerVerifier.SignMessage(message, opts...)
}
