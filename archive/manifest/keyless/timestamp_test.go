package keyless_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/digitorus/timestamp"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/testing/ca"

	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/archive/manifest/keyless"
)

// with is the instance's root with the chain of a timestamp authority as well.
func (i *instance) with(t testing.TB, chain string) keyless.Root {
	t.Helper()
	return keyless.NewRoot(root.TrustedMaterialCollection{i, load(t, chain)})
}

func load(t testing.TB, chains ...string) *times {
	t.Helper()
	v, err := keyless.LoadAuthorities(chains...)
	if err != nil {
		t.Fatal(err)
	}
	return &times{verifier: v}
}

// times is trusted material over a verifier of timestamps.
type times struct {
	root.BaseTrustedMaterial
	verifier manifest.TimeVerifier
}

func (v *times) TimestampingAuthorities() []root.TimestampingAuthority {
	return []root.TimestampingAuthority{v}
}

func (v *times) Verify(response, signature []byte) (*root.Timestamp, error) {
	t, err := v.verifier.VerifyTimestamp(response, signature)
	return &root.Timestamp{Time: t.At, URI: t.Authority}, err
}

// ownAuthority is a second authority beside the real one, and its chain.
func ownAuthority(t testing.TB) (url, chain string) {
	t.Helper()
	return oddAuthority(t, time.Now().Add(-time.Minute), time.Now)
}

// oddAuthority is an authority whose certificate is good for ten minutes, and that
// has a clock of its own.
func oddAuthority(t testing.TB, from time.Time, clock func() time.Time) (url, chain string) {
	t.Helper()
	chain = t.TempDir() + "/own.pem"
	s, err := startAuthority(chain, from, clock)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s.URL + "/", chain
}

// startAuthority starts an authority and writes its chain to a file.
func startAuthority(chain string, from time.Time, clock func() time.Time) (*httptest.Server, error) {
	rootCert, rootKey, err := ca.GenerateRootCa()
	if err != nil {
		return nil, err
	}
	between, betweenKey, err := ca.GenerateTSAIntermediate(rootCert, rootKey)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	leaf, err := ca.GenerateTSALeafCert(from, key, between, betweenKey)
	if err != nil {
		return nil, err
	}
	var certs []byte
	for _, c := range []*x509.Certificate{leaf, between, rootCert} {
		certs = append(certs, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	if err := os.WriteFile(chain, certs, 0o644); err != nil {
		return nil, err
	}
	return listen("/", func(w http.ResponseWriter, r *http.Request) error {
		query, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		asked, err := timestamp.ParseRequest(query)
		if err != nil {
			return err
		}
		stamp := timestamp.Timestamp{HashAlgorithm: asked.HashAlgorithm, HashedMessage: asked.HashedMessage, Time: clock(), Nonce: asked.Nonce,
			Policy: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 2}, AddTSACertificate: true}
		response, err := stamp.CreateResponseWithOpts(leaf, key, crypto.SHA256)
		if err != nil {
			return err
		}
		_, err = w.Write(response)
		return err
	}), nil
}

// A signature by a key is timestamped by a real authority; every timestamp counts,
// and none is passed over.
func TestTimestamps(t *testing.T) {
	url, chain := authority(t)
	otherURL, otherChain := ownAuthority(t)
	key, err := manifest.CreateKey(t.TempDir() + "/key")
	if err != nil {
		t.Fatal(err)
	}
	stamped := func(required int, urls ...string) *manifest.Signer {
		var all []manifest.TimeAuthority
		for _, u := range urls {
			all = append(all, &keyless.Authority{URL: u})
		}
		s, err := key.WithTimestamps(manifest.Stamping{Authorities: all, Required: required})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	trust := func(required int, chains ...string) *manifest.Verifier {
		v, err := manifest.Trust{Keys: []manifest.TrustedKey{{Key: key.PublicKey()}}, Timestamps: load(t, chains...).verifier, RequireTimestamps: required}.NewVerifier()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	one, two, none := sign(t, stamped(1, url)), sign(t, stamped(2, url, otherURL)), sign(t, key)
	swapped := edit(t, one, func(b map[string]any) {
		var other map[string]any
		edit(t, sign(t, stamped(1, url)), func(o map[string]any) { other = o; o["x"] = 1 })
		at(b, "verificationMaterial")["timestampVerificationData"] = at(other, "verificationMaterial")["timestampVerificationData"]
	})
	for name, c := range map[string]struct {
		bundle []byte
		v      *manifest.Verifier
		stamps int
		want   error
	}{
		"one, required":                     {one, trust(1, chain), 1, nil},
		"one, optional":                     {one, trust(0, chain), 1, nil},
		"none, optional":                    {none, trust(0, chain), 0, nil},
		"none, required":                    {none, trust(1, chain), 0, manifest.ErrNoTimestamp},
		"one, where two are required":       {one, trust(2, chain, otherChain), 0, manifest.ErrNoTimestamp},
		"an authority that is not trusted":  {one, trust(1, otherChain), 0, manifest.ErrUntrustedTime},
		"also one that is not trusted":      {two, trust(1, chain), 0, manifest.ErrUntrustedTime},
		"swapped":                           {swapped, trust(1, chain), 0, manifest.ErrUntrustedTime},
		"swapped, where they are optional":  {swapped, trust(0, chain), 0, manifest.ErrUntrustedTime},
		"nobody asked about the timestamps": {swapped, key.Verifier(), 0, nil},
	} {
		got, err := c.v.Verify(c.bundle)
		if !errors.Is(err, c.want) || c.want == nil && err != nil || len(got.Timestamps) != c.stamps {
			t.Errorf("%s: %d timestamps, %v, want %v", name, len(got.Timestamps), err, c.want)
		}
	}
	later, err := stamped(1, url).Sign(t.Context(), statement(time.Now().Add(time.Hour)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := trust(1, chain).Verify(later); !errors.Is(err, manifest.ErrClockSkew) {
		t.Errorf("exported an hour after it was signed: %v", err)
	}
	back, err := stamped(1, url).Sign(t.Context(), statement(time.Now().Add(-48*time.Hour)))
	if err != nil {
		t.Fatal(err)
	}
	old := manifest.Trust{Keys: []manifest.TrustedKey{{Key: key.PublicKey(), Until: time.Now().Add(-24 * time.Hour)}}, Timestamps: load(t, chain).verifier}
	v, err := old.NewVerifier()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(back); !errors.Is(err, manifest.ErrKeyNotInUse) {
		t.Errorf("dated back with a key that was rotated out: %v", err)
	}
}

// A timestamp from outside the life of its authority's certificate is refused, and
// one from inside it outlives the certificate.
func TestAuthoritysCertificateExpires(t *testing.T) {
	key, err := manifest.CreateKey(t.TempDir() + "/key")
	if err != nil {
		t.Fatal(err)
	}
	stamped := func(url string) []byte {
		s, err := key.WithTimestamps(manifest.Stamping{Authorities: []manifest.TimeAuthority{&keyless.Authority{URL: url}}, Required: 1})
		if err != nil {
			t.Fatal(err)
		}
		return sign(t, s)
	}
	trust := func(chain string) *manifest.Verifier {
		times, err := keyless.LoadAuthorities(chain)
		if err != nil {
			t.Fatal(err)
		}
		v, err := manifest.Trust{Keys: []manifest.TrustedKey{{Key: key.PublicKey()}}, Timestamps: times, RequireTimestamps: 1}.NewVerifier()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for name, off := range map[string]time.Duration{"before": -time.Hour, "after": time.Hour} {
		url, chain := oddAuthority(t, time.Now().Add(-time.Minute), func() time.Time { return time.Now().Add(off) })
		if _, err := trust(chain).Verify(stamped(url)); !errors.Is(err, manifest.ErrAuthorityExpired) || !errors.Is(err, manifest.ErrUntrustedTime) {
			t.Errorf("%s: %v", name, err)
		}
	}
	from := time.Now().Add(3*time.Second - 10*time.Minute)
	url, chain := oddAuthority(t, from, time.Now)
	bundle := stamped(url)
	if expired := time.Until(from.Add(10 * time.Minute)); expired < 0 {
		t.Skip("SKIPPED: this machine was too slow to sign within three seconds")
	} else {
		time.Sleep(expired + time.Second)
	}
	if _, err := trust(chain).Verify(bundle); err != nil {
		t.Errorf("a certificate that expired since: %v", err)
	}
}

// An authority that fails keeps a manifest from being written only if it is
// required.
func TestAuthoritiesThatFail(t *testing.T) {
	url, chain := authority(t)
	key, err := manifest.CreateKey(t.TempDir() + "/key")
	if err != nil {
		t.Fatal(err)
	}
	answer := func(status int, body string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			w.Write([]byte(body))
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	replayed := func() string {
		var first []byte
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if first == nil {
				a := &keyless.Authority{URL: url}
				if first, err = a.Timestamp(r.Context(), []byte("an old signature")); err != nil {
					t.Error(err)
				}
			}
			w.Write(first)
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	_, otherChain := ownAuthority(t)
	for name, a := range map[string]*keyless.Authority{
		"busy":            {URL: answer(503, "")},
		"refuses":         {URL: answer(400, "bad request")},
		"nonsense":        {URL: answer(200, "<html>")},
		"far too much":    {URL: answer(200, strings.Repeat("x", 1<<20))},
		"nobody there":    {URL: "http://127.0.0.1:1"},
		"not a URL":       {URL: "://"},
		"nowhere":         {},
		"replays":         {URL: replayed()},
		"no nonce":        {URL: newInstance(t).stampURL},
		"not to trust":    {URL: url, Trust: load(t, otherChain).verifier},
		"trust of no-one": {URL: url, Trust: keyless.Root{}},
	} {
		t.Run(name, func(t *testing.T) {
			required, err := key.WithTimestamps(manifest.Stamping{Authorities: []manifest.TimeAuthority{a}, Required: 1})
			if err != nil {
				t.Fatal(err)
			}
			if bundle, err := required.Sign(t.Context(), statement(time.Now())); !errors.Is(err, manifest.ErrNoTimestamp) || bundle != nil {
				t.Errorf("required: %v", err)
			}
			if name == "busy" || name == "nobody there" {
				return // each costs another round of retries
			}
			optional, err := key.WithTimestamps(manifest.Stamping{Authorities: []manifest.TimeAuthority{a, &keyless.Authority{URL: url, Trust: load(t, chain).verifier}}})
			if err != nil {
				t.Fatal(err)
			}
			v, err := manifest.Trust{Keys: []manifest.TrustedKey{{Key: key.PublicKey()}}, Timestamps: load(t, chain).verifier, RequireTimestamps: 1}.NewVerifier()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := v.Verify(sign(t, optional)); err != nil {
				t.Errorf("optional: %v", err)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s, err := key.WithTimestamps(manifest.Stamping{Authorities: []manifest.TimeAuthority{&keyless.Authority{URL: url}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Sign(ctx, statement(time.Now())); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	for name, bad := range map[string]manifest.Stamping{"nobody": {}, "more than there are": {Authorities: []manifest.TimeAuthority{&keyless.Authority{URL: url}}, Required: 2}} {
		if _, err := key.WithTimestamps(bad); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := (manifest.Trust{Keys: []manifest.TrustedKey{{Key: key.PublicKey()}}, RequireTimestamps: 1}).NewVerifier(); !errors.Is(err, manifest.ErrNoTimestamp) {
		t.Errorf("timestamps of nobody are required: %v", err)
	}
}

func TestLoadAuthorities(t *testing.T) {
	_, chain := authority(t)
	content, err := os.ReadFile(chain)
	if err != nil {
		t.Fatal(err)
	}
	certs := strings.SplitAfter(string(content), "-----END CERTIFICATE-----\n")
	dir := t.TempDir()
	for name, content := range map[string]string{"empty": "", "no PEM": "x", "one certificate": certs[0], "root first": certs[2] + certs[0], "far too long": strings.Repeat("x", 5<<20)} {
		path := dir + "/" + name
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := keyless.LoadAuthorities(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := keyless.LoadRoot(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s as a trusted root: %v", name, err)
		}
	}
	if _, err := keyless.LoadAuthorities(); err == nil {
		t.Error("no files: no error")
	}
	if _, err := keyless.LoadAuthorities(dir + "/missing"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
}
