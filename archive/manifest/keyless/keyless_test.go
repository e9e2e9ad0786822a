package keyless_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"

	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/archive/manifest/keyless"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest/servers"
)

func statement(exported time.Time) manifest.Statement {
	sum := strings.Repeat("9f", 32)
	s, err := manifest.NewStatement(manifest.Predicate{
		ExportBatchID: "eb-1", ExportedAtUTC: exported.UTC().Truncate(time.Millisecond), ExportOperatorAck: "release-ops/test",
		Packets: []manifest.Packet{{
			PromotionPacketID: "pp-1", PromotionDecision: "promote", PromotionDecisionAtUTC: exported.UTC(), ArchiveURI: "file:///x",
			Document:  manifest.Object{Name: "packet.json", Subject: "packets/pp-1/9f/packet.json", URI: "file:///x", SHA256: sum, Size: 1},
			Retention: manifest.Retention{RetentionClass: "standard", Period: "P1Y", Mode: "none", PolicySHA256: sum},
		}},
		Log: manifest.LogAnchor{RootSHA256: sum, LastRowSHA256: sum},
	})
	if err != nil {
		panic(err)
	}
	return s
}

func sign(t testing.TB, s *manifest.Signer) []byte {
	t.Helper()
	bundle, err := s.Sign(t.Context(), statement(time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	return bundle
}

var ops = keyless.Identity{Issuer: issuer, Subject: subject, Owner: "release-ops"}

func (i *instance) trust(ids ...keyless.Identity) keyless.Trust {
	return keyless.Trust{Root: i.root(), Identities: ids, LogEntries: 1}
}

func (i *instance) config() keyless.Config {
	return keyless.Config{Token: func(context.Context) (string, error) { return token(), nil }, Fulcio: i.fulcioURL, Rekor: i.rekorURL, Trust: i.trust(ops)}
}

func newSigner(t testing.TB, cfg keyless.Config) *manifest.Signer {
	t.Helper()
	s, err := keyless.NewSigner(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// verifier is a verifier of manifests that trusts identities.
func verifier(t testing.TB, trust keyless.Trust, more manifest.Trust) *manifest.Verifier {
	t.Helper()
	ids, err := trust.NewVerifier()
	if err != nil {
		t.Fatal(err)
	}
	more.Identities = ids
	v, err := more.NewVerifier()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSignWithoutAKey(t *testing.T) {
	i := newInstance(t)
	bundle := sign(t, newSigner(t, i.config()))
	got, err := verifier(t, i.trust(ops), manifest.Trust{Owners: []string{"release-ops"}}).Verify(bundle)
	if err != nil {
		t.Fatal(err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, bundle); err != nil || !bytes.Equal(compact.Bytes(), bundle) {
		t.Errorf("the bundle has white space (%v)", err)
	}
	if c, err := manifest.ReadCertificates(bundle); err != nil || c.Signer == nil || !c.Dated || len(c.Authorities) > 0 {
		t.Errorf("it carries %+v, %v", c, err)
	}
	want := manifest.Signatory{Issuer: issuer, Subject: subject, Owner: "release-ops"}
	if got.SignedBy != want || got.Statement.Predicate.ExportBatchID != "eb-1" {
		t.Errorf("signed by %+v, want %+v", got.SignedBy, want)
	}
}

// A trusted root is a file that other tools of Sigstore read as well.
func TestLoadRoot(t *testing.T) {
	i := newInstance(t)
	logs := i.RekorLogs()
	for id, log := range logs { // the virtual one gives its id in hex
		var err error
		if log.ID, err = hex.DecodeString(id); err != nil {
			t.Fatal(err)
		}
	}
	material, err := root.NewTrustedRoot(root.TrustedRootMediaType01, i.FulcioCertificateAuthorities(), nil, i.TimestampingAuthorities(), logs)
	if err != nil {
		t.Fatal(err)
	}
	content, err := material.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	path := t.TempDir() + "/trusted_root.json"
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	loaded, err := keyless.LoadRoot(path)
	if err != nil {
		t.Fatal(err)
	}
	trust := i.trust(ops)
	trust.Root = loaded
	if _, err := verifier(t, trust, manifest.Trust{}).Verify(sign(t, newSigner(t, i.config()))); err != nil {
		t.Error(err)
	}
}

// Whom a certificate is of decides, in whole, and who may own integrity.
func TestIdentities(t *testing.T) {
	i := newInstance(t)
	bundle := sign(t, newSigner(t, i.config()))
	with := func(change func(id *keyless.Identity)) keyless.Identity {
		id := ops
		change(&id)
		return id
	}
	for name, c := range map[string]struct {
		id   keyless.Identity
		want error
	}{
		"exact":                     {ops, nil},
		"pattern":                   {with(func(id *keyless.Identity) { id.Subject, id.SubjectPattern = "", `promote@.*\.example` }), nil},
		"pattern of a part":         {with(func(id *keyless.Identity) { id.Subject, id.SubjectPattern = "", `@acme` }), manifest.ErrUnknownIdentity},
		"another subject":           {with(func(id *keyless.Identity) { id.Subject = "somebody@acme.example" }), manifest.ErrUnknownIdentity},
		"another issuer":            {with(func(id *keyless.Identity) { id.Issuer = "https://accounts.example" }), manifest.ErrUnknownIdentity},
		"issuer pattern of a part":  {with(func(id *keyless.Identity) { id.Issuer, id.IssuerPattern = "", `https://token` }), manifest.ErrUnknownIdentity},
		"somebody who may not own":  {with(func(id *keyless.Identity) { id.Owner = "checkout-team" }), manifest.ErrNotOwner},
		"an identity of the past":   {with(func(id *keyless.Identity) { id.Until = time.Now().Add(-time.Hour) }), manifest.ErrKeyNotInUse},
		"an identity of the future": {with(func(id *keyless.Identity) { id.From = time.Now().Add(time.Hour) }), manifest.ErrKeyNotInUse},
	} {
		_, err := verifier(t, i.trust(c.id), manifest.Trust{Owners: []string{"release-ops"}}).Verify(bundle)
		if !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	for name, id := range map[string]keyless.Identity{"no issuer": {Subject: subject}, "no subject": {Issuer: issuer}, "nothing": {}} {
		if _, err := i.trust(id).NewVerifier(); !errors.Is(err, manifest.ErrNoTrustedKeys) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := i.trust().NewVerifier(); !errors.Is(err, manifest.ErrNoTrustedKeys) {
		t.Errorf("no identities: %v", err)
	}
	if _, err := (keyless.Trust{Identities: []keyless.Identity{ops}}).NewVerifier(); !errors.Is(err, manifest.ErrNoTrustedKeys) {
		t.Errorf("no root: %v", err)
	}
	if _, err := i.trust(keyless.Identity{Issuer: issuer, SubjectPattern: "("}).NewVerifier(); err == nil {
		t.Error("a pattern that is none was taken")
	}
}

// Each way to tamper with a bundle has its own error.
func TestTampering(t *testing.T) {
	i := newInstance(t)
	bundle := sign(t, newSigner(t, i.config()))
	v := verifier(t, i.trust(ops), manifest.Trust{})
	foreign := newInstance(t)
	key, err := manifest.CreateKey(t.TempDir() + "/key")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		bundle []byte
		v      *manifest.Verifier
		want   error
	}{
		"a flipped bit in the payload":     {edit(t, bundle, func(b map[string]any) { flip(b["dsseEnvelope"], "payload") }), v, manifest.ErrNotLogged},
		"a flipped bit in the signature":   {edit(t, bundle, func(b map[string]any) { flip(at(b, "dsseEnvelope", "signatures", 0), "sig") }), v, manifest.ErrNotLogged},
		"a flipped bit in the certificate": {edit(t, bundle, func(b map[string]any) { flip(at(b, "verificationMaterial", "certificate"), "rawBytes") }), v, nil},
		"the log entry removed":            {edit(t, bundle, func(b map[string]any) { delete(at(b, "verificationMaterial"), "tlogEntries") }), v, manifest.ErrNotLogged},
		"another instance's certificate":   {sign(t, newSigner(t, foreign.config())), v, manifest.ErrNotLogged},
		"a trust in keys alone":            {bundle, key.Verifier(), manifest.ErrUnknownIdentity},
		"a key, where identities are":      {sign(t, key), v, manifest.ErrUnknownKey},
	} {
		_, err := c.v.Verify(c.bundle)
		if err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// Without the log a flipped bit is the signature's to show.
func TestTamperingWithoutALog(t *testing.T) {
	i := newInstance(t)
	url, times := authority(t)
	cfg := i.config()
	cfg.Rekor, cfg.Trust = "", keyless.Trust{Root: i.with(t, times), Identities: []keyless.Identity{ops}}
	if _, err := newSigner(t, cfg).Sign(t.Context(), statement(time.Now())); !errors.Is(err, manifest.ErrUntrustedTime) {
		t.Errorf("without a log and a timestamp: %v", err)
	}
	stamped, err := newSigner(t, cfg).WithTimestamps(manifest.Stamping{Authorities: []manifest.TimeAuthority{&keyless.Authority{URL: url}}, Required: 1})
	if err != nil {
		t.Fatal(err)
	}
	bundle := sign(t, stamped)
	v := verifier(t, cfg.Trust, manifest.Trust{Timestamps: cfg.Trust.Root, RequireTimestamps: 1})
	got, err := v.Verify(bundle)
	if err != nil || len(got.Timestamps) != 1 {
		t.Fatalf("%+v, %v", got.Timestamps, err)
	}
	for name, change := range map[string]func(b map[string]any){
		"payload":   func(b map[string]any) { flip(b["dsseEnvelope"], "payload") },
		"signature": func(b map[string]any) { flip(at(b, "dsseEnvelope", "signatures", 0), "sig") },
	} {
		if _, err := v.Verify(edit(t, bundle, change)); name == "payload" && !errors.Is(err, manifest.ErrBadSignature) || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}

	i.age = time.Hour
	late, err := newSigner(t, cfg).WithTimestamps(manifest.Stamping{Authorities: []manifest.TimeAuthority{&keyless.Authority{URL: url}}, Required: 1})
	if err != nil {
		t.Fatal(err)
	}
	var window *manifest.KeyWindowError
	if _, err := late.Sign(t.Context(), statement(time.Now())); !errors.As(err, &window) || window.Subject != subject {
		t.Errorf("a certificate that had lapsed: %v", err)
	}
}

func TestSigningFails(t *testing.T) {
	i := newInstance(t)
	for name, change := range map[string]func(cfg *keyless.Config){
		"no token":                func(cfg *keyless.Config) { cfg.Token = keyless.TokenFromEnv("HOLDFAST_NO_SUCH_TOKEN") },
		"not a token":             func(cfg *keyless.Config) { cfg.Token = func(context.Context) (string, error) { return "x", nil } },
		"Fulcio does not listen":  func(cfg *keyless.Config) { cfg.Fulcio = "http://127.0.0.1:1" },
		"Rekor does not listen":   func(cfg *keyless.Config) { cfg.Rekor = "http://127.0.0.1:1" },
		"the wrong identity":      func(cfg *keyless.Config) { cfg.Trust.Identities[0].Subject = "somebody@acme.example" },
		"a log nobody asked for":  func(cfg *keyless.Config) { cfg.Trust.LogEntries = 2 },
		"a foreign root of trust": func(cfg *keyless.Config) { cfg.Trust.Root = newInstance(t).root() },
	} {
		cfg := i.config()
		change(&cfg)
		if bundle, err := newSigner(t, cfg).Sign(t.Context(), statement(time.Now())); err == nil || bundle != nil {
			t.Errorf("%s: no error", name)
		}
	}
	for name, cfg := range map[string]keyless.Config{"nothing": {}, "no trust": {Token: keyless.TokenFromEnv("X"), Fulcio: "http://x"}} {
		if _, err := keyless.NewSigner(cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	hang := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	defer hang.Close()
	cfg := i.config()
	cfg.Fulcio = hang.URL
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := newSigner(t, cfg).Sign(ctx, statement(time.Now())); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a Fulcio that does not answer: %v", err)
	}
	hang.CloseClientConnections()
	cfg = i.config()
	cfg.Token = func(context.Context) (string, error) { select {} }
	ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := newSigner(t, cfg).Sign(ctx, statement(time.Now())); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a source of tokens that does not answer: %v", err)
	}
}

func TestTokens(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte(" abc\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	github := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret" || r.URL.Query().Get("audience") != "sigstore" || r.URL.Query().Get("api-version") != "2" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		io.WriteString(w, `{"count": 3, "value": "abc"}`)
	}))
	defer github.Close()
	t.Setenv("HOLDFAST_TEST_TOKEN", "abc")
	t.Setenv("ACTIONS_ID_TOKEN_REQUEST_URL", github.URL+"/?api-version=2")
	t.Setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "secret")
	for name, source := range map[string]keyless.Token{
		"environment": keyless.TokenFromEnv("HOLDFAST_TEST_TOKEN"), "file": keyless.TokenFromFile(path), "GitHub": keyless.GitHubToken("sigstore"),
	} {
		if got, err := source(t.Context()); got != "abc" || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "")
	for name, source := range map[string]keyless.Token{
		"environment": keyless.TokenFromEnv("HOLDFAST_NO_SUCH_TOKEN"), "empty file": keyless.TokenFromFile(path),
		"no file": keyless.TokenFromFile(path + ".no"), "GitHub": keyless.GitHubToken("sigstore"),
	} {
		if got, err := source(t.Context()); got != "" || err == nil {
			t.Errorf("%s: %q, no error", name, got)
		}
	}
	empty := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "{}") }))
	defer empty.Close()
	t.Setenv("ACTIONS_ID_TOKEN_REQUEST_URL", empty.URL)
	t.Setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "secret")
	if _, err := keyless.GitHubToken("sigstore")(t.Context()); err == nil || !strings.Contains(err.Error(), "without a token") || strings.Contains(err.Error(), "%!") {
		t.Errorf("GitHub without a token: %v", err)
	}
	t.Setenv("ACTIONS_ID_TOKEN_REQUEST_URL", github.URL+"/?api-version=2")
	t.Setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "wrong")
	if _, err := keyless.GitHubToken("sigstore")(t.Context()); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("GitHub refuses: %v", err)
	}
}

// authority starts a timestamp authority and returns its URL and its chain's file.
func authority(t testing.TB) (url, chain string) {
	t.Helper()
	url, certs := servers.TimestampAuthority(t)
	resp, err := http.Get(certs)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	pem, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	chain = filepath.Join(t.TempDir(), "tsa.pem")
	if err := os.WriteFile(chain, pem, 0o644); err != nil {
		t.Fatal(err)
	}
	return url, chain
}

func edit(t testing.TB, bundle []byte, change func(b map[string]any)) []byte {
	t.Helper()
	var b map[string]any
	if err := json.Unmarshal(bundle, &b); err != nil {
		t.Fatal(err)
	}
	change(b)
	edited, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(edited, bundle) {
		t.Fatal("nothing was changed")
	}
	return edited
}

func at(v any, path ...any) map[string]any {
	for _, step := range path {
		switch s := step.(type) {
		case string:
			v = v.(map[string]any)[s]
		case int:
			v = v.([]any)[s]
		}
	}
	return v.(map[string]any)
}

// flip changes one base64 digit in the middle of a field.
func flip(in any, field string) {
	m := in.(map[string]any)
	b := []byte(m[field].(string))
	i := len(b) / 2
	if b[i] == 'A' {
		b[i] = 'B'
	} else {
		b[i] = 'A'
	}
	m[field] = string(b)
}
